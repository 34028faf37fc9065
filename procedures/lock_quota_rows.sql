-- lock_quota_rows: internal: lock some quotas' rows in the order of quota_id.
--
--   p_quotas   JSON array of quota_ids, or NULL
--
-- Raises   what waiting for a lock raises
-- Source   DESIGN, section 5
-- Example  CALL lock_quota_rows(v_quotas);

CREATE PROCEDURE lock_quota_rows (
    IN p_quotas  JSON
)
    COMMENT 'internal: lock some quotas'' rows in the order of quota_id.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_locked  INT;

    SELECT COUNT(q.used_count) INTO v_locked
    FROM (SELECT quota_id
          FROM JSON_TABLE(p_quotas, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS found
          ORDER BY quota_id
          LIMIT 1000000) AS l
    STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
    FOR UPDATE OF q;
END
