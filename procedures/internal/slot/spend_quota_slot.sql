-- spend_quota_slot: internal: pay for a charge from a slot, and so without the quota's row.
--
-- A slot holds a slice that used_count counts as used already. The first attempt takes from this
-- connection's own slot, if that is free and holds enough; it waits for nobody. The second one comes with
-- the quota's row locked: if there is plenty, it draws a new slice into a free slot and pays from that;
-- else the row pays. Slices end before the limit and before the next alert and shrink on the way, so that
-- nobody crosses either unseen. In our own transactions only: a caller's would keep the slot locked.
--
--   p_quota_id .. p_amount   the limit, its slots and its period as the look saw them; units
--   p_attempt       0: the first; else the quota's row is locked
--   p_plain         afterwards -1: a slot paid; 0: the first attempt failed: begin again with the row locked
--                   first, because this transaction may hold a slot in vain; else as before: let the row pay
--
-- Source   docs/design.md, section 7

CREATE PROCEDURE spend_quota_slot (
    IN    p_quota_id      BIGINT UNSIGNED,
    IN    p_slot_count    INT,
    IN    p_period_start  DATETIME,
    IN    p_amount        BIGINT,
    IN    p_attempt       INT,
    INOUT p_plain         INT
)
    COMMENT 'internal: pay for a charge from a slot, and so without the quota''s row.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_slot_number  INT DEFAULT CONNECTION_ID() MOD p_slot_count;
    DECLARE v_is_free      BOOLEAN DEFAULT FALSE;
    DECLARE v_left, v_slice  BIGINT;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    IF p_attempt = 0 THEN
        SELECT s.remaining >= p_amount AND s.next_reset_time <=> q.next_reset_time
               AND q.period_start <=> p_period_start INTO v_is_free
        FROM quota_slots AS s
        JOIN tenant_quotas AS q ON q.quota_id = p_quota_id
        WHERE s.quota_id = p_quota_id AND s.slot_number = v_slot_number FOR UPDATE OF s SKIP LOCKED;
        SET p_plain = -v_is_free;
        IF v_is_free THEN
            UPDATE quota_slots SET remaining = remaining - p_amount
            WHERE quota_id = p_quota_id AND slot_number = v_slot_number;
        END IF;
    ELSE
        SELECT LEAST(hard_limit, COALESCE(next_alert_count - 1, hard_limit)) - used_count, next_reset_time
        INTO v_left, v_next_reset_time
        FROM tenant_quotas
        WHERE quota_id = p_quota_id AND enforcement = 'ENFORCE' AND period_start <=> p_period_start;
        SET v_slice = LEAST(v_left DIV p_amount DIV (2 * p_slot_count), 1000) * p_amount;
        IF v_slice > p_amount THEN
            SELECT TRUE INTO v_is_free FROM quota_slots
            WHERE quota_id = p_quota_id AND slot_number = v_slot_number FOR UPDATE SKIP LOCKED;
        END IF;
        IF v_is_free THEN
            UPDATE tenant_quotas SET used_count = used_count + v_slice WHERE quota_id = p_quota_id;
            UPDATE quota_slots
            SET remaining = IF(next_reset_time <=> v_next_reset_time, remaining, 0) + v_slice - p_amount,
                next_reset_time = v_next_reset_time
            WHERE quota_id = p_quota_id AND slot_number = v_slot_number;
            SET p_plain = -1;
        END IF;
    END IF;
END
