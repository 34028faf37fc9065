-- collect_quota_slots: internal: take every slice of a quota back, and change the number of its slots.
--
-- Unspent units come off the use again: where units are short, and before a period, a limit or the number
-- of slots changes. All slots are locked first, in order, then the quota's row: who holds a slot may wait
-- for the row. Slices of another period are void and are only emptied. Tokens that are out go on the row. Each
-- slot is asked for by its key: in a caller's transaction a range would lock what comes behind it too.
--
--   p_quota_id    whose
--   p_new_count   how many slots there shall be (the caller writes slot_count); NULL: no change
--   p_returned    units by which used_count came down
--
-- Source   docs/design.md, section 7

CREATE PROCEDURE collect_quota_slots (
    IN  p_quota_id   BIGINT UNSIGNED,
    IN  p_new_count  INT,
    OUT p_returned   BIGINT
)
    COMMENT 'internal: take every slice of a quota back, and change the number of its slots.'
    MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
    DECLARE v_tenant_id, v_quota_type, v_limit_type, v_numbers  TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_slot_count       INT DEFAULT 0;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT tenant_id, quota_type, limit_type, slot_count INTO v_tenant_id, v_quota_type, v_limit_type, v_slot_count
    FROM tenant_quotas WHERE quota_id = p_quota_id;
    -- Numbers from 0 on, by their place: as many as there are slots, before and after.
    SET v_numbers = CONCAT('[0', REPEAT(',0', GREATEST(v_slot_count, COALESCE(p_new_count, 0)) - 1), ']');
    IF p_new_count > v_slot_count THEN
        INSERT IGNORE INTO quota_slots (quota_id, slot_number, tenant_id)
        SELECT p_quota_id, n.place - 1, v_tenant_id
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        WHERE n.place > v_slot_count;
    END IF;
    SELECT COALESCE(SUM(s.remaining), 0) INTO p_returned
    FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
    STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
    WHERE v_slot_count > 0 FOR UPDATE OF s;
    SELECT next_reset_time, slot_count INTO v_next_reset_time, v_slot_count
    FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
    WHERE tenant_id = v_tenant_id AND quota_type = v_quota_type AND limit_type = v_limit_type FOR UPDATE;
    IF v_slot_count > 0 THEN
        SET v_numbers = CONCAT('[0', REPEAT(',0', GREATEST(v_slot_count, COALESCE(p_new_count, 0)) - 1), ']');
        SELECT COALESCE(SUM(IF(s.next_reset_time <=> v_next_reset_time, s.remaining, 0)), 0) INTO p_returned
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
        FOR UPDATE OF s;
        UPDATE JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
        SET s.remaining = 0, s.lent = 0
        WHERE s.remaining > 0 OR s.lent > 0;
        UPDATE tenant_quotas
        SET used_count = used_count - p_returned, sliced_count = 0, next_alert_count = IF(  -- as lower_quota_use does
                used_count < soft_limit, LEAST(soft_limit, COALESCE(next_alert_count, soft_limit)), next_alert_count)
        WHERE quota_id = p_quota_id AND sliced_count > 0;
    END IF;
    IF p_new_count < v_slot_count THEN
        DELETE s
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
        WHERE n.place > p_new_count;
    END IF;
END
