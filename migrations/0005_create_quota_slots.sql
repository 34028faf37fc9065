-- depends: 0004_create_quota_reservations
-- Slots: slices of a hot quota, already counted as used, that consumers spend in parallel (escrow).

CREATE TABLE quota_slots (
    quota_id         BIGINT UNSIGNED NOT NULL,
    slot_number      INT         NOT NULL,
    tenant_id        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    next_reset_time  DATETIME    DEFAULT NULL COMMENT 'the quota''s when the slice was drawn; in any other period it is void',
    remaining        BIGINT      NOT NULL DEFAULT 0 COMMENT 'units of the slice not spent yet',
    PRIMARY KEY (quota_id, slot_number),
    CONSTRAINT quota_slots_remaining CHECK (remaining >= 0)
)
ENGINE = InnoDB
ROW_FORMAT = DYNAMIC
DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci
COMMENT = 'Slices of hot quotas, spent in parallel';
