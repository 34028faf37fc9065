-- depends: 0002_create_tenant_quotas
-- The ledger: append-only; its rows are never changed, and they always add up.
--
-- Every key begins with quota_id. A statement that is taken back inside a caller's
-- transaction (a replay, a denial that looked for its key) leaves the gap behind its row
-- locked at REPEATABLE READ: in a key that all tenants append to, that gap is everybody's.
-- Each key is one more page that a charge writes, in a large database one of its own: so the
-- rows lie in the order of their age, which a purge walks, and there is no key by period_start.
-- A period's rows are those of its quota, nearly all created in it.

CREATE TABLE quota_usage_records (
    record_id         BIGINT UNSIGNED NOT NULL DEFAULT (UUID_SHORT())
                      COMMENT 'no AUTO_INCREMENT: any session could use one up with SET insert_id',
    quota_id          BIGINT UNSIGNED NOT NULL,
    tenant_id         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL COMMENT 'whose quota it is',
    operation_type    VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    delta_value       BIGINT      NOT NULL,
    current_used      BIGINT      DEFAULT NULL COMMENT 'use after this row; NULL where slots make it unknowable',
    biz_id            VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL,
    biz_type          VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL,
    product_code      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL,
    period_start      DATETIME    DEFAULT NULL COMMENT 'period charged, tenant wall clock; NULL: none, or written by hand',
    reservation_id    CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT NULL,
    refund_id         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT '',
    origin_tenant_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT ''
                      COMMENT 'the sub-channel that consumed, on its ancestors'' rows; empty: the tenant itself',
    created_at        DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)) COMMENT 'UTC',
    PRIMARY KEY (quota_id, created_at, record_id),
    UNIQUE KEY quota_usage_records_biz_key
        (quota_id, biz_type, biz_id, operation_type, refund_id, origin_tenant_id)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'The ledger: every change of a counted quota''s use, append-only';
