-- collect_quota_slots: internal: take every slice of a quota back from its slots.
--
-- What the slots have not spent comes off the use again: where units are short, and before
-- a period, a limit or the number of slots changes. Under the quota's row lock, then all
-- slots' in order, so that nothing in flight falls in between. Slices of another period are
-- void already and are only emptied.
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
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT next_reset_time INTO v_next_reset_time FROM tenant_quotas WHERE quota_id = p_quota_id FOR UPDATE;
    SELECT COALESCE(SUM(IF(next_reset_time <=> v_next_reset_time, remaining, 0)), 0) INTO p_returned
    FROM quota_slots
    WHERE quota_id = p_quota_id
    FOR UPDATE;
    UPDATE quota_slots SET remaining = 0 WHERE quota_id = p_quota_id AND remaining > 0;
    IF p_returned > 0 THEN
        UPDATE tenant_quotas SET used_count = used_count - p_returned WHERE quota_id = p_quota_id;
    END IF;
END
