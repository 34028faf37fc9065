-- spend_quota_slots: internal: let this connection's slots pay for a charge of one level, or fill them.
--
-- A slot holds a slice that used_count counts as used already. Where all limits of the level have given slices away,
-- slots pay, and nobody's row is touched. Else the rows pay: they are locked here, and give this connection's slots a
-- slice where there is plenty. Slices end before the limit and the next alert and shrink on the way, so that nobody
-- crosses either unseen; near the end they are taken back. A slot that somebody holds is never waited for.
--
--   p_tenant_id .. p_amount   the level, its limits, and the units from each
--   p_transaction   JOINED: a slot pays only for one limit, at the last level, without a hold (else p_needs_row)
--   p_limits        how many limits; of one: p_quota_id, p_period_start
--   p_plain         13: let slots pay; afterwards -1: they have; 0: begin again with the rows, because this
--                   transaction holds a slot in vain. 5: lock the rows, and fill slots; the rows pay
--
-- Source   docs/design.md, section 7

CREATE PROCEDURE spend_quota_slots (
    IN    p_tenant_id     VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_kinds         VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount        BIGINT,
    IN    p_transaction   VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_needs_row     BOOLEAN,
    IN    p_limits        INT,
    IN    p_quota_id      BIGINT UNSIGNED,
    IN    p_period_start  DATETIME,
    INOUT p_plain         INT
)
    COMMENT 'internal: let this connection''s slots pay for a charge of one level, or fill them.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_slots         JSON;
    DECLARE v_is_free       BOOLEAN DEFAULT FALSE;
    DECLARE v_number        INT;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    IF p_plain > 8 AND p_transaction <> 'OWN' THEN  -- it would keep a slot that does not pay, and wait for the row
        SELECT IF(p_transaction = 'JOINED' AND p_limits = 1 AND NOT p_needs_row AND COUNT(*), p_plain, 5) INTO p_plain
        FROM tenant_quotas AS q
        JOIN quota_slots AS s ON s.quota_id = q.quota_id AND s.slot_number = CONNECTION_ID() MOD q.slot_count
        WHERE q.quota_id = p_quota_id AND s.remaining >= p_amount;
    END IF;
    IF p_plain > 8 AND p_limits = 1 THEN
        SELECT s.slot_number, s.remaining >= p_amount AND s.next_reset_time <=> q.next_reset_time
               AND s.defined_at = q.updated_at AND q.period_start <=> p_period_start
        INTO v_number, v_is_free
        FROM tenant_quotas AS q
        JOIN quota_slots AS s ON s.quota_id = q.quota_id AND s.slot_number = CONNECTION_ID() MOD q.slot_count
        WHERE q.quota_id = p_quota_id FOR UPDATE OF s SKIP LOCKED;
        SET p_plain = IF(v_number IS NULL, 5, -v_is_free);
        IF v_is_free THEN
            UPDATE quota_slots SET remaining = remaining - p_amount, lent = lent + p_amount
            WHERE quota_id = p_quota_id AND slot_number = v_number;
        END IF;
    ELSEIF p_plain > 8 THEN
        SELECT COUNT(*) = p_limits, JSON_ARRAYAGG(JSON_ARRAY(s.quota_id, s.slot_number)) INTO v_is_free, v_slots
        FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY)
            ON s.quota_id = q.quota_id AND s.slot_number = CONNECTION_ID() MOD q.slot_count
            AND s.remaining >= p_amount AND s.next_reset_time <=> q.next_reset_time AND s.defined_at = q.updated_at
        WHERE q.tenant_id = p_tenant_id AND q.quota_type = p_quota_type AND FIND_IN_SET(q.limit_type, p_kinds)
        FOR UPDATE OF s SKIP LOCKED;
        SET p_plain = IF(v_slots IS NULL, 5, -v_is_free);
        IF v_is_free THEN
            UPDATE JSON_TABLE(v_slots, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$[0]', slot INT PATH '$[1]')) AS p
            STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p.id AND s.slot_number = p.slot
            SET s.remaining = s.remaining - p_amount, s.lent = s.lent + p_amount;
        END IF;
    END IF;
    IF p_plain > 0 THEN
        BEGIN
            DECLARE v_slice, v_sliced_count, v_void  BIGINT;
            DECLARE v_quota_id         BIGINT UNSIGNED;
            DECLARE v_place            INT DEFAULT 0;  -- of the limit's type in p_kinds
            DECLARE v_next_reset_time  DATETIME;
            DECLARE v_defined_at       DATETIME(6);
            SELECT COUNT(*) INTO v_number FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
            WHERE tenant_id = p_tenant_id AND quota_type = p_quota_type FOR UPDATE;
            REPEAT
                SET v_number = NULL, v_slice = NULL, v_sliced_count = NULL, v_void = NULL;
                SELECT FIND_IN_SET(limit_type, p_kinds), quota_id, sliced_count, next_reset_time, updated_at,
                       CONNECTION_ID() MOD slot_count,
                       LEAST((LEAST(IF(limit_type = 'CONCURRENT', concurrent_tokens, hard_limit),
                                    COALESCE(next_alert_count - 1, 9223372036854775807)) - used_count)
                             DIV p_amount DIV (2 * slot_count), 1000) * p_amount
                INTO v_place, v_quota_id, v_sliced_count, v_next_reset_time, v_defined_at, v_number, v_slice
                FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                WHERE tenant_id = p_tenant_id AND quota_type = p_quota_type
                  AND slot_count > 0 AND enforcement = 'ENFORCE'
                  AND FIND_IN_SET(limit_type, p_kinds) > v_place  -- no range: it would lock the next quota
                ORDER BY FIND_IN_SET(limit_type, p_kinds) LIMIT 1 FOR UPDATE;
                IF v_slice > p_amount THEN
                    SELECT IF(next_reset_time <=> v_next_reset_time,
                              IF(remaining >= p_amount AND defined_at <=> v_defined_at, NULL, 0), remaining + lent)
                    INTO v_void FROM quota_slots
                    WHERE quota_id = v_quota_id AND slot_number = v_number FOR UPDATE SKIP LOCKED;
                    IF v_void IS NOT NULL THEN
                        UPDATE tenant_quotas
                        SET used_count = used_count + v_slice,
                            sliced_count = GREATEST(sliced_count - v_void, 0) + v_slice
                        WHERE quota_id = v_quota_id;
                        UPDATE quota_slots
                        SET remaining = IF(v_void > 0, 0, remaining) + v_slice, lent = IF(v_void > 0, 0, lent),
                            next_reset_time = v_next_reset_time, defined_at = v_defined_at
                        WHERE quota_id = v_quota_id AND slot_number = v_number;
                    END IF;
                ELSEIF v_sliced_count > 0 THEN
                    CALL collect_quota_slots(v_quota_id, NULL, FALSE, v_void);
                END IF;
            UNTIL v_number IS NULL END REPEAT;
        END;
    END IF;
END
