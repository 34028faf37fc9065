DROP TABLE quota_usage_records;
