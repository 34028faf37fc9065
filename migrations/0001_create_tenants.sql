-- Tenants: who is limited, in which time zone they live, and whose sub-channel they are.

CREATE TABLE tenants (
    tenant_id         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    tenant_name       VARCHAR(128) NOT NULL,
    parent_tenant_id  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL
                      COMMENT 'what this tenant consumes is charged to its ancestors too',
    time_zone         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT 'SYSTEM'
                      COMMENT 'SYSTEM is the server''s own global time_zone',
    status            VARCHAR(16)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT 'ACTIVE',
    created_at        DATETIME(6)  NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    updated_at        DATETIME(6)  NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    PRIMARY KEY (tenant_id),
    KEY tenants_by_parent (parent_tenant_id),
    KEY tenants_by_time_zone (time_zone),
    CONSTRAINT tenants_status CHECK (status IN ('ACTIVE', 'SUSPENDED')),
    CONSTRAINT tenants_not_own_parent CHECK (parent_tenant_id <> tenant_id)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'Who is limited, in which time zone, under which parent';
