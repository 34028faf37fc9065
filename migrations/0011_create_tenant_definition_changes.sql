-- depends: 0010_create_quota_definition_changes
-- Definition changes of tenants: who changed which, when, and which parent it had until then.

CREATE TABLE tenant_definition_changes (
    tenant_id         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    change_id         BIGINT UNSIGNED NOT NULL DEFAULT (UUID_SHORT()),
    changed_at        DATETIME(6)  NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    changed_by        VARCHAR(288) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL COMMENT 'USER() of the caller',
    former_parent_id  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL
                      COMMENT 'the parent it left, to which refunds still go; NULL: it left none',
    old_definition    JSON         DEFAULT NULL COMMENT 'NULL: it was created',
    new_definition    JSON         NOT NULL,
    PRIMARY KEY (tenant_id, change_id)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'Who changed which tenant, when, from what and to what';
