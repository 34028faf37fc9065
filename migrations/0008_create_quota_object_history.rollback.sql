DROP TABLE quota_object_history;
