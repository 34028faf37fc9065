-- lower_quota_use: internal: take returned units off a quota's use, as far as they belong to its open period.
--
-- Under the quota's row lock, which the caller holds. What belongs to a closed period was taken off by
-- its RESET row already: another RESET row takes the return out again. A use below the soft limit may
-- be warned of again.
--
--   p_quota_id      whose
--   p_returned      units of the ledger row that the caller wrote
--   p_lowered       how many of them belong to the open period
--   p_leased        how many a lease held
--   p_period_start  of the row that charged them
--
-- Source   DESIGN, sections 3, 4 and 6

CREATE PROCEDURE lower_quota_use (
    IN p_quota_id      BIGINT UNSIGNED,
    IN p_returned      BIGINT,
    IN p_lowered       BIGINT,
    IN p_leased        BIGINT,
    IN p_period_start  DATETIME
)
    COMMENT 'internal: take returned units off a quota''s use, as far as they belong to its open period.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    IF p_lowered > 0 OR p_leased > 0 THEN
        UPDATE tenant_quotas
        SET used_count       = used_count - p_lowered,
            leased_count     = GREATEST(leased_count - p_leased, 0),
            next_alert_count = IF(used_count < soft_limit, LEAST(soft_limit, COALESCE(next_alert_count, soft_limit)),
                                  next_alert_count)
        WHERE quota_id = p_quota_id;
    END IF;
    IF p_lowered < p_returned THEN
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, period_start)
        SELECT quota_id, tenant_id, 'RESET', p_returned - p_lowered, IF(slot_count = 0, used_count, NULL),
               p_period_start
        FROM tenant_quotas
        WHERE quota_id = p_quota_id;
    END IF;
END
