-- spend_quota_slots: internal: let this connection's slots pay for a charge of one level, where they can.
--
-- A slot holds a slice that used_count counts as used already. A slot that is free and holds enough pays,
-- and its quota's row is not touched; it waits for nobody. Else the row pays, and fills the slot on the way.
-- Slices end before the limit and before the next alert and shrink on the way, so that nobody crosses either
-- unseen. Where these are near while slots hold units, all slots are collected first: an obstacle, seen
-- before anything of the level is locked. Who waits for slots holds no row of their level.
--
--   p_level_id, p_time_zone   the level's tenant, its zone, not SYSTEM
--   p_quota_type .. p_products   what; units; JSON, see charge_quota_levels
--   p_is_token      TRUE: a token, which comes back to the slot
--   p_kinds         the limit types to charge; afterwards those that their rows pay
--   p_limits, p_rows   how many limits; how many of them their rows pay
--   p_slot_count    of the one limit
--   p_quota_id .. p_defined_at   of the level's limits: the last id and start, the first end, the last change;
--                   p_quota_id NULL: they were not looked at
--   p_plain         0: an obstacle; else 5, see charge_quota_levels
--
-- Source   docs/design.md, section 7

CREATE PROCEDURE spend_quota_slots (
    IN    p_level_id      VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_time_zone     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount        BIGINT,
    IN    p_products      LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_is_token      BOOLEAN,
    INOUT p_kinds         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_limits        INT,
    OUT   p_rows          INT,
    IN    p_slot_count    INT,
    INOUT p_quota_id      BIGINT UNSIGNED,
    INOUT p_period_start  DATETIME(6),
    INOUT p_until         DATETIME(6),
    INOUT p_defined_at    DATETIME(6),
    INOUT p_plain         INT
)
    COMMENT 'internal: let this connection''s slots pay for a charge of one level, where they can.'
    MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
    DECLARE v_now  DATETIME(6) DEFAULT CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', p_time_zone);
    DECLARE v_slots  JSON;  -- [quota, slot] that pay; then [quota, slot, slice] to fill
    DECLARE v_is_paid  BOOLEAN DEFAULT FALSE;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    IF p_quota_id IS NOT NULL THEN  -- the only limit, and nothing is in its way
        SELECT s.remaining >= p_amount AND s.next_reset_time <=> q.next_reset_time AND s.defined_at = q.updated_at
               AND q.period_start <=> p_period_start INTO v_is_paid
        FROM quota_slots AS s JOIN tenant_quotas AS q ON q.quota_id = p_quota_id
        WHERE s.quota_id = p_quota_id AND s.slot_number = CONNECTION_ID() MOD p_slot_count
        FOR UPDATE OF s SKIP LOCKED;
    END IF;
    IF v_is_paid THEN
        UPDATE quota_slots SET remaining = remaining - p_amount, lent = lent + IF(p_is_token, p_amount, 0)
        WHERE quota_id = p_quota_id AND slot_number = CONNECTION_ID() MOD p_slot_count;
        SET p_limits = 1, p_rows = 0;
    ELSE
        SELECT COUNT(*), COUNT(IF(pays, NULL, 1)), GROUP_CONCAT(IF(pays, NULL, limit_type)), MAX(quota_id),
               MAX(period_start), MIN(LEAST(period_end, COALESCE(expire_time, period_end))), MAX(updated_at),
               IF(MAX(is_near), 0, 5), JSON_ARRAYAGG(IF(pays, JSON_ARRAY(quota_id, slot_number), NULL))
        INTO p_limits, p_rows, p_kinds, p_quota_id, p_period_start, p_until, p_defined_at, p_plain, v_slots
        FROM (SELECT q.*, s.slot_number, COALESCE(s.remaining >= p_amount AND s.next_reset_time <=> q.next_reset_time
                                                  AND s.defined_at = q.updated_at, FALSE) AS pays
              FROM (SELECT *, NOT is_far AND sliced_count > 0 AS is_near
                    FROM (SELECT *, COALESCE(enforcement = 'ENFORCE' AND
                                 (LEAST(IF(limit_type = 'CONCURRENT', concurrent_tokens, hard_limit),
                                        COALESCE(next_alert_count - 1, 9223372036854775807)) - used_count)
                                 DIV p_amount >= 4 * slot_count + 500 * (limit_type <> 'CONCURRENT'), FALSE) AS is_far
                          FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                          WHERE tenant_id = p_level_id AND quota_type = p_quota_type
                            AND FIND_IN_SET(limit_type, p_kinds)) AS found) AS q
              LEFT JOIN quota_slots AS s
                  ON s.quota_id = q.quota_id AND s.slot_number = CONNECTION_ID() MOD q.slot_count
                  AND q.is_far AND q.period_end > v_now AND q.period_end = COALESCE(q.next_reset_time, '9999-12-31')
                  AND COALESCE(q.period_start <= v_now + INTERVAL 61 MINUTE, TRUE)
                  AND COALESCE(q.effective_time <= v_now, TRUE) AND COALESCE(q.expire_time > v_now, TRUE)
                  AND COALESCE(JSON_CONTAINS(q.product_codes, p_products), TRUE)
              FOR UPDATE OF s SKIP LOCKED) AS level;
        IF p_plain AND p_limits > p_rows THEN
            UPDATE JSON_TABLE(v_slots, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$[0]', slot INT PATH '$[1]')) AS p
            STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p.id AND s.slot_number = p.slot
            SET s.remaining = s.remaining - p_amount, s.lent = s.lent + IF(p_is_token, p_amount, 0);
        END IF;
        IF p_plain AND p_rows > 0 THEN  -- rows in their order, before one of them is changed
            SELECT JSON_ARRAYAGG(IF(slice > p_amount, JSON_ARRAY(quota_id, slot_number, slice), NULL)) INTO v_slots
            FROM (SELECT q.quota_id, s.slot_number, LEAST((LEAST(
                             IF(limit_type = 'CONCURRENT', concurrent_tokens, hard_limit), COALESCE(
                             next_alert_count - 1, 9223372036854775807)) - used_count) DIV p_amount
                             DIV (2 * slot_count), 1000) * p_amount AS slice
                  FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
                  LEFT JOIN quota_slots AS s
                      ON s.quota_id = q.quota_id AND s.slot_number = CONNECTION_ID() MOD q.slot_count
                      AND q.enforcement = 'ENFORCE' AND FIND_IN_SET(q.limit_type, p_kinds)
                  WHERE q.tenant_id = p_level_id AND q.quota_type = p_quota_type
                  FOR UPDATE OF q FOR UPDATE OF s SKIP LOCKED) AS locked;
            UPDATE JSON_TABLE(v_slots, '$[*]' COLUMNS (
                id BIGINT UNSIGNED PATH '$[0]', slot INT PATH '$[1]', slice BIGINT PATH '$[2]')) AS f
            STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = f.id
            STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = f.id AND s.slot_number = f.slot
            SET s.remaining = f.slice + IF(s.next_reset_time <=> q.next_reset_time AND s.defined_at = q.updated_at,
                                           s.remaining, 0),
                s.next_reset_time = q.next_reset_time, s.defined_at = q.updated_at,
                q.used_count = q.used_count + f.slice, q.sliced_count = q.sliced_count + f.slice;
        END IF;
    END IF;
END
