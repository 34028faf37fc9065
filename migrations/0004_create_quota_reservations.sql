-- depends: 0003_create_quota_usage_records
-- Reservations and leases: units held until a time.

CREATE TABLE quota_reservations (
    reservation_id    CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    quota_id          BIGINT UNSIGNED NOT NULL COMMENT 'one row per limit that is held',
    tenant_id         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL COMMENT 'whose quota it is',
    origin_tenant_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT ''
                      COMMENT 'the sub-channel that holds, on its ancestors'' rows; empty: the tenant itself',
    level_number      INT         NOT NULL DEFAULT 0 COMMENT '0: the tenant''s own limit, 1: its parent''s, and so on',
    quota_type        VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    kind              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    status            VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT 'HELD',
    amount            BIGINT      NOT NULL COMMENT 'units held',
    confirmed_amount  BIGINT      DEFAULT NULL COMMENT 'units kept by the confirmation',
    holder            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL COMMENT 'who holds a lease',
    biz_type          VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL,
    biz_id            VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL,
    product_code      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL,
    period_start      DATETIME    DEFAULT NULL COMMENT 'period charged, tenant wall clock',
    expires_at        DATETIME(6) NOT NULL COMMENT 'UTC',
    created_at        DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    updated_at        DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    PRIMARY KEY (reservation_id, quota_id),
    UNIQUE KEY quota_reservations_biz_key (quota_id, biz_type, biz_id, kind, origin_tenant_id),
    KEY quota_reservations_held (quota_id, status, expires_at),
    KEY quota_reservations_lapsed (status, expires_at),
    CONSTRAINT quota_reservations_kind CHECK (kind IN ('RESERVATION', 'LEASE')),
    CONSTRAINT quota_reservations_status CHECK (status IN ('HELD', 'CONFIRMED', 'CANCELLED', 'RELEASED', 'EXPIRED')),
    CONSTRAINT quota_reservations_amount CHECK (amount >= 1),
    CONSTRAINT quota_reservations_confirmed_amount CHECK (confirmed_amount BETWEEN 0 AND amount)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'Units held until a time: reservations on counted limits, leases on CONCURRENT limits';
