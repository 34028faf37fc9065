-- All tables: tenants, their limits, the ledger, holds, slots, alerts, changes, jobs, history.
--
-- MySQL commits each statement by itself. `apply` notes which one comes next, so after a kill
-- between any two it carries on from there, and a rollback takes back as many as there were.

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
    earlier_count      BIGINT      NOT NULL DEFAULT 0
                       COMMENT 'units that were granted and left used_count again: of closed periods, or given back; not of RATE',
    refill_per_second  DECIMAL(18,6) DEFAULT NULL COMMENT 'RATE: tokens per second',
    refilled_at        DATETIME(6) DEFAULT NULL COMMENT 'RATE: used_count counts from here, UTC; NULL: from the first touch',
    enforcement        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL DEFAULT 'ENFORCE'
                       COMMENT 'SHADOW: counts and reports, never denies',
    slot_count         INT         NOT NULL DEFAULT 0 COMMENT '0: plain; K: up to K rows of quota_slots share the load',
    sliced_count       BIGINT      NOT NULL DEFAULT 0 COMMENT 'units in slices, spent or not; 0: no slot holds anything',
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

-- Slots: slices of a hot quota, already counted as used, that consumers spend in parallel (escrow).

CREATE TABLE quota_slots (
    quota_id         BIGINT UNSIGNED NOT NULL,
    slot_number      INT         NOT NULL,
    tenant_id        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    next_reset_time  DATETIME    DEFAULT NULL COMMENT 'the quota''s when the slice was drawn; in any other period it is void',
    defined_at       DATETIME(6) DEFAULT NULL COMMENT 'the quota''s updated_at when the slice was drawn; of another it is void',
    remaining        BIGINT      NOT NULL DEFAULT 0 COMMENT 'units of the slice not spent yet',
    lent             BIGINT      NOT NULL DEFAULT 0 COMMENT 'units of the slice that were spent; tokens come back to it',
    returned         BIGINT      NOT NULL DEFAULT 0 COMMENT 'tokens that came back to it; for earlier_count',
    PRIMARY KEY (quota_id, slot_number),
    CONSTRAINT quota_slots_remaining CHECK (remaining >= 0)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'Slices of hot quotas, spent in parallel';

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

-- Denials: about how many. A table of its own, in which a row is locked only while one call ends.

CREATE TABLE quota_denials (
    quota_id      BIGINT UNSIGNED NOT NULL,
    denied_count  BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'about how many calls it denied; one in a hundred adds a hundred',
    PRIMARY KEY (quota_id)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'About how many calls each quota denied';

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
    PRIMARY KEY (migration_id, object_type, object_name)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'The stored objects that migrations replaced';
