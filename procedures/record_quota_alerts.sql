-- record_quota_alerts: internal: write the alerts that a call gives rise to, once per period and level.
--
-- In the transaction of the use itself, or of the denial. A plain read comes first, so
-- that a storm of denials writes one row and then nothing; IGNORE settles the rest.
--
--   p_alerts    JSON array of {quota_id, is_denial, is_warning, used, period_start}
--   p_is_grant  whether the call was granted: a denied call crosses no soft limit
--   p_now       UTC
--
-- Raises   nothing of its own
-- Source   DESIGN, section 6
-- Example  see charge_quota

CREATE PROCEDURE record_quota_alerts (
    IN p_alerts    JSON,
    IN p_is_grant  BOOLEAN,
    IN p_now       DATETIME(6)
)
    COMMENT 'internal: write the alerts that a call gives rise to, once per period and level.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_new  JSON;

    SELECT JSON_ARRAYAGG(JSON_OBJECT('quota_id', alert.quota_id, 'used', alert.used,
                                     'period_start', alert.period_start, 'level', level.name))
    INTO v_new
    FROM JSON_TABLE(p_alerts, '$[*]' COLUMNS (
        quota_id      BIGINT UNSIGNED PATH '$.quota_id',
        is_denial     BOOLEAN  PATH '$.is_denial',
        is_warning    BOOLEAN  PATH '$.is_warning',
        used          BIGINT   PATH '$.used',
        period_start  DATETIME PATH '$.period_start')) AS alert
    JOIN (SELECT 'WARNING' AS name UNION ALL SELECT 'EXCEEDED') AS level
        ON IF(level.name = 'EXCEEDED', alert.is_denial, alert.is_warning AND p_is_grant)
    WHERE NOT EXISTS (SELECT 1
                      FROM quota_alerts AS a
                      WHERE a.quota_id = alert.quota_id
                        AND a.period_start = alert.period_start
                        AND a.alert_level = level.name);

    IF v_new IS NOT NULL THEN
        INSERT IGNORE INTO quota_alerts
            (quota_id, tenant_id, quota_type, limit_type, alert_level, enforcement, period_start, used_count,
             hard_limit, soft_limit, created_at)
        SELECT q.quota_id, q.tenant_id, q.quota_type, q.limit_type, alert.level, q.enforcement, alert.period_start,
               alert.used, q.hard_limit, q.soft_limit, p_now
        FROM JSON_TABLE(v_new, '$[*]' COLUMNS (
            quota_id      BIGINT UNSIGNED PATH '$.quota_id',
            level         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.level',
            used          BIGINT   PATH '$.used',
            period_start  DATETIME PATH '$.period_start')) AS alert
        STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = alert.quota_id;
    END IF;
END
