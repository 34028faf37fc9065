-- depends: 0007_create_quota_jobs
-- What each installing migration replaced, so that rollback restores exactly that.

CREATE TABLE quota_object_history (
    migration_id     VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    object_type      VARCHAR(16)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    object_name      VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    new_sha256       CHAR(64)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL COMMENT 'of the file that was installed',
    previous_create  LONGTEXT     DEFAULT NULL COMMENT 'SHOW CREATE of what was live before; NULL: nothing was',
    previous_state   JSON         DEFAULT NULL COMMENT 'its sql_mode, character sets and grants',
    recorded_at      DATETIME(6)  NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'the intent, written before the DROP, UTC',
    installed_hash   CHAR(64)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL COMMENT 'of what the server had then; what it has now and is not that was made by hand',
    installed_at     DATETIME(6)  DEFAULT NULL COMMENT 'UTC; NULL: begun and not finished',
    PRIMARY KEY (migration_id)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'The stored objects that migrations replaced';
