-- collect_quota_slots: internal: take every slice of a quota back, and change the number of its slots.
--
-- Unspent units come off the use again: where units are short, and before a period, a limit or the number of slots
-- changes. The quota's row is locked first, then all slots in order. Slices of another period are void and are only
-- emptied. Each slot is asked for by its key: a range would lock what comes behind it too.
--
--   p_quota_id    whose
--   p_new_count   how many slots there shall be (the caller writes slot_count); NULL: no change
--   p_is_waiting  FALSE: leave out the slots that somebody holds
--   p_returned    units by which used_count came down
--
-- Source   docs/design.md, section 7

CREATE PROCEDURE collect_quota_slots (
    IN  p_quota_id    BIGINT UNSIGNED,
    IN  p_new_count   INT,
    IN  p_is_waiting  BOOLEAN,
    OUT p_returned    BIGINT
)
    COMMENT 'internal: take every slice of a quota back, and change the number of its slots.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_tenant_id, v_numbers, v_held  TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_slot_count, v_count  INT DEFAULT 0;
    DECLARE v_sliced_count, v_sum, v_earlier  BIGINT;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    SET p_returned = 0;
    SELECT tenant_id, next_reset_time, slot_count, sliced_count
    INTO v_tenant_id, v_next_reset_time, v_slot_count, v_sliced_count
    FROM tenant_quotas WHERE quota_id = p_quota_id FOR UPDATE;
    SET v_numbers = CONCAT('[0', REPEAT(',0', GREATEST(v_slot_count, COALESCE(p_new_count, 0)) - 1), ']');
    IF v_sliced_count > 0 THEN
        IF p_is_waiting THEN
            SELECT COUNT(*) INTO v_count FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
            STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY)
                ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
            FOR UPDATE OF s;
        END IF;
        SELECT COALESCE(SUM(IF(s.next_reset_time <=> v_next_reset_time, s.remaining, 0)), 0),
               COALESCE(SUM(s.remaining + s.lent), 0), COALESCE(SUM(s.returned), 0), COUNT(*),
               JSON_ARRAYAGG(s.slot_number)
        INTO p_returned, v_sum, v_earlier, v_count, v_held
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
        FOR UPDATE OF s SKIP LOCKED;
        UPDATE JSON_TABLE(v_held, '$[*]' COLUMNS (number INT PATH '$')) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.number
        SET s.remaining = 0, s.lent = 0, s.returned = 0
        WHERE s.remaining + s.lent > 0;
        UPDATE tenant_quotas
        SET used_count = used_count - p_returned, earlier_count = earlier_count + v_earlier,
            sliced_count = IF(v_count = slot_count, 0, GREATEST(sliced_count - v_sum, 0))
        WHERE quota_id = p_quota_id;
    END IF;
    IF p_new_count > v_slot_count THEN
        INSERT IGNORE INTO quota_slots (quota_id, slot_number, tenant_id)
        SELECT p_quota_id, n.place - 1, v_tenant_id
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        WHERE n.place > v_slot_count;
    ELSEIF p_new_count < v_slot_count THEN
        DELETE s
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
        WHERE n.place > p_new_count;
    END IF;
END
