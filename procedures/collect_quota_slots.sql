-- collect_quota_slots: internal: take every slice of a quota back from its slots.
--
-- What the slots have not spent comes off the use again: where units are short, and before
-- a period, a limit or the number of slots changes. Under the quota's row lock, then all
-- slots' in order, so that nothing in flight falls in between. Slices of another period are
-- void already and are only emptied. Each slot is asked for by its key: in a caller's
-- transaction a range would lock what comes behind it too.
--
--   p_quota_id   whose; the caller holds its row
--   p_returned   units by which used_count came down
--
-- Raises   nothing of its own
-- Source   DESIGN, section 7
-- Example  CALL collect_quota_slots(123, v_returned);

CREATE PROCEDURE collect_quota_slots (
    IN  p_quota_id  BIGINT UNSIGNED,
    OUT p_returned  BIGINT
)
    COMMENT 'internal: take every slice of a quota back from its slots.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_slot_count       INT DEFAULT 0;
    DECLARE v_numbers          TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SET p_returned = 0;
    SELECT next_reset_time, slot_count INTO v_next_reset_time, v_slot_count
    FROM tenant_quotas
    WHERE quota_id = p_quota_id
    FOR UPDATE;
    IF v_slot_count > 0 THEN
        SET v_numbers = CONCAT('[0', REPEAT(',0', v_slot_count - 1), ']');
        SELECT COALESCE(SUM(IF(s.next_reset_time <=> v_next_reset_time, s.remaining, 0)), 0) INTO p_returned
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
        FOR UPDATE OF s;
        UPDATE JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY) ON s.quota_id = p_quota_id AND s.slot_number = n.place - 1
        SET s.remaining = 0
        WHERE s.remaining > 0;
    END IF;
    IF p_returned > 0 THEN
        UPDATE tenant_quotas SET used_count = used_count - p_returned WHERE quota_id = p_quota_id;
    END IF;
END
