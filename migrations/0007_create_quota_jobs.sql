-- depends: 0006_create_quota_alerts
-- Jobs: the heartbeat of every scheduled procedure.

CREATE TABLE quota_jobs (
    job_name          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL COMMENT 'the procedure that ran',
    tenant_id         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT '' COMMENT 'empty: all tenants',
    started_at        DATETIME(6) DEFAULT NULL COMMENT 'last run, UTC',
    finished_at       DATETIME(6) DEFAULT NULL COMMENT 'end of the last run that ended, UTC',
    rows_done         BIGINT      NOT NULL DEFAULT 0 COMMENT 'rows of the last run',
    last_error        VARCHAR(512) DEFAULT NULL COMMENT 'NULL: the last run had none',
    server_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT 'SYSTEM'
                      COMMENT 'global time_zone at the last run: a view cannot read the variable',
    PRIMARY KEY (job_name, tenant_id)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'When each scheduled procedure last ran, and how it went';
