-- describe_quota: internal: a quota's definition as JSON, without its use and its schedule.
--
--   p_quota_id     locked by the caller, or locked here
--   p_definition   a JSON object; NULL if there is no such quota
--
-- Source   DESIGN, section 2
-- Example  CALL describe_quota(123, v_definition);

CREATE PROCEDURE describe_quota (
    IN  p_quota_id    BIGINT UNSIGNED,
    OUT p_definition  JSON
)
    COMMENT 'internal: a quota''s definition as JSON, without its use and its schedule.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT JSON_OBJECT('hard_limit', hard_limit, 'soft_limit', soft_limit, 'effective_time', effective_time,
                       'expire_time', expire_time, 'product_codes', product_codes, 'period_anchor', period_anchor,
                       'refill_per_second', refill_per_second, 'enforcement', enforcement,
                       'slot_count', slot_count, 'concurrent_tokens', concurrent_tokens) INTO p_definition
    FROM tenant_quotas
    WHERE quota_id = p_quota_id
    FOR UPDATE;
END
