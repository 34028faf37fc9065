-- collect_quota_slots: internal: take every slice of a quota back from its slots.
--
-- Before the period's label or the number of slots changes: what the slots have not spent
-- comes off the use again. Under the quota's row lock, then all slots' in order, so that
-- nothing in flight falls in between. Slices of another period are void already and are
-- only emptied.
--
--   p_quota_id, p_period_start   whose, and the label of valid slices (find_quota_label)
--
-- Raises   nothing of its own
-- Source   DESIGN, section 7
-- Example  CALL collect_quota_slots(123, v_period_start);

CREATE PROCEDURE collect_quota_slots (
    IN p_quota_id      BIGINT UNSIGNED,
    IN p_period_start  DATETIME
)
    COMMENT 'internal: take every slice of a quota back from its slots.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_unspent  BIGINT;

    SELECT COALESCE(SUM(IF(period_start <=> p_period_start, remaining, 0)), 0) INTO v_unspent
    FROM quota_slots
    WHERE quota_id = p_quota_id
    FOR UPDATE;

    UPDATE quota_slots SET remaining = 0 WHERE quota_id = p_quota_id AND remaining > 0;
    IF v_unspent > 0 THEN
        UPDATE tenant_quotas SET used_count = used_count - v_unspent WHERE quota_id = p_quota_id;
    END IF;
END
