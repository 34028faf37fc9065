-- record_quota_alerts: internal: write the alerts that a call gives rise to, once per period and level.
--
-- In the transaction of the use or the denial. A granted call crosses thresholds: it writes them and moves
-- next_alert_count on. A denied one writes EXCEEDED. A plain look comes first: a storm of denials writes one row.
--
--   p_judged      what judge_quota_level says of the call's limits
--   p_is_denied   whether the call is denied: then it crosses no threshold
--   p_amount      units that a grant adds to the use
--
-- Source   docs/design.md, section 6

CREATE PROCEDURE record_quota_alerts (
    IN p_judged     JSON,
    IN p_is_denied  BOOLEAN,
    IN p_amount     BIGINT
)
    COMMENT 'internal: write the alerts that a call gives rise to, once per period and level.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_new  JSON;

    IF NOT p_is_denied THEN
        UPDATE JSON_TABLE(p_judged, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id',
            used BIGINT PATH '$.used', is_alert BOOLEAN PATH '$.is_alert')) AS j
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = j.quota_id
        SET q.next_alert_count = IF(q.enforcement = 'SHADOW' AND j.used + p_amount <= q.hard_limit
                                    AND q.hard_limit < 9223372036854775807, q.hard_limit + 1, NULL)
        WHERE j.is_alert;
    END IF;
    SELECT JSON_ARRAYAGG(JSON_OBJECT('quota_id', q.quota_id, 'period_start', j.period_start, 'used', j.used,
                                     'level', level.name))
    INTO v_new
    FROM JSON_TABLE(p_judged, '$[*]' COLUMNS (
        quota_id BIGINT UNSIGNED PATH '$.quota_id', period_start DATETIME PATH '$.period_start',
        used BIGINT PATH '$.used', is_alert BOOLEAN PATH '$.is_alert',
        verdict VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.verdict')) AS j
    STRAIGHT_JOIN (SELECT 'WARNING' AS name UNION ALL SELECT 'EXCEEDED') AS level
    STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = j.quota_id
    LEFT JOIN quota_alerts AS a ON a.quota_id = j.quota_id AND a.period_start = j.period_start
        AND a.alert_level = level.name
    WHERE a.quota_id IS NULL
      AND IF(level.name = 'EXCEEDED', j.verdict = 'EXCEEDED' AND (p_is_denied OR j.is_alert),
             NOT p_is_denied AND j.is_alert AND j.used + p_amount >= q.soft_limit);

    IF v_new IS NOT NULL THEN
        INSERT IGNORE INTO quota_alerts
            (quota_id, tenant_id, quota_type, limit_type, alert_level, enforcement, period_start, used_count,
             hard_limit, soft_limit, created_at)
        SELECT q.quota_id, q.tenant_id, q.quota_type, q.limit_type, n.level, q.enforcement, n.period_start,
               n.used + IF(p_is_denied, 0, p_amount), q.hard_limit, q.soft_limit, UTC_TIMESTAMP(6)
        FROM JSON_TABLE(v_new, '$[*]' COLUMNS (
            quota_id BIGINT UNSIGNED PATH '$.quota_id', used BIGINT PATH '$.used',
            level VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.level',
            period_start DATETIME PATH '$.period_start')) AS n
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = n.quota_id;
    END IF;
END
