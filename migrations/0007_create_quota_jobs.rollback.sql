DROP TABLE quota_jobs;
