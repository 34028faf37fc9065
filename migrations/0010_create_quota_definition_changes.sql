-- depends: 0009_add_concurrent_tokens
-- Definition changes: who changed which limit, when, from what and to what.

CREATE TABLE quota_definition_changes (
    change_id       BIGINT UNSIGNED NOT NULL DEFAULT (UUID_SHORT()),
    quota_id        BIGINT UNSIGNED NOT NULL,
    tenant_id       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    quota_type      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    limit_type      VARCHAR(16)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    changed_at      DATETIME(6)  NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    changed_by      VARCHAR(288) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL COMMENT 'USER() of the caller',
    old_definition  JSON         DEFAULT NULL COMMENT 'NULL: it was created',
    new_definition  JSON         NOT NULL,
    PRIMARY KEY (change_id),
    KEY quota_definition_changes_by_quota (quota_id, changed_at),
    KEY quota_definition_changes_by_tenant (tenant_id, changed_at)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'Who changed which limit, when, from what and to what';
