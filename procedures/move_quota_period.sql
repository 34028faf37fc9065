-- move_quota_period: internal: move a quota's use from one open period into another.
--
-- When the billing day changes in mid-period, the period that is open begins at another
-- time. The use moves with it: one ADJUST row takes it out of the period that never
-- ends, one puts it into the one that is open now, so that each period adds up by itself.
-- What is held moves too, so that it comes back where it counts.
--
--   p_quota_id    locked by the caller, its slots collected
--   p_old_start   period_start before the change; NULL: it had none
--   p_new_start   and after it
--
-- Raises   nothing of its own
-- Source   DESIGN, section 4
-- Example  see define_quota

CREATE PROCEDURE move_quota_period (
    IN p_quota_id   BIGINT UNSIGNED,
    IN p_old_start  DATETIME,
    IN p_new_start  DATETIME
)
    COMMENT 'internal: move a quota''s use from one open period into another.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    IF p_old_start <> p_new_start THEN
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, period_start)
        SELECT q.quota_id, q.tenant_id, 'ADJUST', side.sign * q.used_count, IF(side.sign < 0, 0, q.used_count),
               IF(side.sign < 0, p_old_start, p_new_start)
        FROM tenant_quotas AS q
        JOIN (SELECT -1 AS sign UNION ALL SELECT 1) AS side
        WHERE q.quota_id = p_quota_id AND q.used_count > 0;

        UPDATE quota_reservations
        SET period_start = p_new_start
        WHERE quota_id = p_quota_id AND status = 'HELD' AND period_start = p_old_start;
    END IF;
END
