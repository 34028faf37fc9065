-- depends: 0001_create_tenants
-- Quotas: one row per tenant, quota type and limit type; the row that consumers lock.

CREATE TABLE tenant_quotas (
    quota_id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    tenant_id          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    quota_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    limit_type         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    hard_limit         BIGINT      NOT NULL DEFAULT 0,
    soft_limit         BIGINT      DEFAULT NULL COMMENT 'warn from here on; NULL: never',
    used_count         BIGINT      NOT NULL DEFAULT 0
                       COMMENT 'slices lent to slots count as used; RATE: tokens taken since refilled_at',
    effective_time     DATETIME    DEFAULT NULL COMMENT 'in force from here on, tenant wall clock; NULL: always',
    expire_time        DATETIME    DEFAULT NULL COMMENT 'no longer in force from here on, tenant wall clock; NULL: never',
    product_codes      JSON        DEFAULT NULL COMMENT 'array of the product codes it covers; NULL: all',
    period_anchor      DATETIME    DEFAULT NULL
                       COMMENT 'periods begin at anchor + n intervals, tenant wall clock; NULL: not scheduled yet',
    reset_time         DATETIME    DEFAULT NULL COMMENT 'when the last period was closed, tenant wall clock',
    next_reset_time    DATETIME    DEFAULT NULL COMMENT 'when this period ends, tenant wall clock; NULL: not scheduled yet',
    period_start       DATETIME    DEFAULT NULL
                       COMMENT 'when this period began, tenant wall clock; NULL: not scheduled yet, or no periods',
    period_end         DATETIME    DEFAULT (IF(limit_type IN ('TOTAL', 'RATE', 'CONCURRENT'), '9999-12-31', NULL))
                       COMMENT 'the next_reset_time that period_start belongs to: where they differ, somebody moved it',
    next_alert_count   BIGINT      DEFAULT (IF(enforcement = 'SHADOW', LEAST(
                           COALESCE(soft_limit, 9223372036854775807), LEAST(hard_limit, 9223372036854775806) + 1), soft_limit))
                       COMMENT 'the use from which the next alert is due; NULL: none',
    leased_count       BIGINT      NOT NULL DEFAULT 0 COMMENT 'CONCURRENT: how many of used_count''s tokens leases hold',
    refill_per_second  DECIMAL(18,6) DEFAULT NULL COMMENT 'RATE: tokens per second',
    refilled_at        DATETIME(6) DEFAULT NULL COMMENT 'RATE: used_count counts from here, UTC; NULL: from the first touch',
    enforcement        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT 'ENFORCE'
                       COMMENT 'SHADOW: counts and reports, never denies',
    slot_count         INT         NOT NULL DEFAULT 0 COMMENT '0: plain; K: up to K rows of quota_slots share the load',
    created_at         DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    updated_at         DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'last change of the definition, UTC',
    PRIMARY KEY (quota_id),
    UNIQUE KEY tenant_quotas_natural (tenant_id, quota_type, limit_type),
    KEY tenant_quotas_due (limit_type, next_reset_time),
    CONSTRAINT tenant_quotas_limit_type CHECK (limit_type IN
        ('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'YEARLY', 'TOTAL', 'RATE', 'CONCURRENT')),
    CONSTRAINT tenant_quotas_hard_limit CHECK (hard_limit >= 0),
    CONSTRAINT tenant_quotas_soft_limit CHECK (soft_limit >= 0),
    CONSTRAINT tenant_quotas_used_count CHECK (used_count >= 0),
    CONSTRAINT tenant_quotas_product_codes CHECK (JSON_TYPE(product_codes) = 'ARRAY'),
    CONSTRAINT tenant_quotas_refill CHECK (refill_per_second >= 0),
    CONSTRAINT tenant_quotas_enforcement CHECK (enforcement IN ('ENFORCE', 'SHADOW')),
    CONSTRAINT tenant_quotas_slot_count CHECK (slot_count BETWEEN 0 AND 1024)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'How much of what each tenant may use, and how much it has used';
