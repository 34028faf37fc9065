DROP TABLE quota_slots;
