-- depends: 0005_create_quota_slots
-- Alerts: an outbox, written in the transaction that crosses a limit, read by whoever delivers.

CREATE TABLE quota_alerts (
    alert_id      BIGINT UNSIGNED NOT NULL DEFAULT (UUID_SHORT()),
    quota_id      BIGINT UNSIGNED NOT NULL,
    tenant_id     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    quota_type    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    limit_type    VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    alert_level   VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    enforcement   VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT 'ENFORCE',
    period_start  DATETIME    NOT NULL DEFAULT '1000-01-01 00:00:00'
                  COMMENT 'tenant wall clock; 1000-01-01 for limits without periods',
    used_count    BIGINT      DEFAULT NULL COMMENT 'use when it was written',
    hard_limit    BIGINT      NOT NULL,
    soft_limit    BIGINT      DEFAULT NULL,
    created_at    DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    delivered_at  DATETIME(6) DEFAULT NULL COMMENT 'UTC; NULL: not delivered yet',
    PRIMARY KEY (alert_id),
    UNIQUE KEY quota_alerts_once (quota_id, period_start, alert_level),
    KEY quota_alerts_undelivered (delivered_at, created_at),
    CONSTRAINT quota_alerts_level CHECK (alert_level IN ('WARNING', 'EXCEEDED'))
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'Outbox of warnings: one row per quota, period and level';
