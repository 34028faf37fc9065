-- close_ended_quota_periods: internal: close one batch of periods that are over.
--
-- It walks tenant_quotas_due, one limit type after the other: first the quotas without a schedule, then the due ones
-- by next_reset_time. Each is judged by the wall clock of its own zone; one in an unknown zone is passed over. A plain
-- look finds the batch; then it locks those that are still due, each by its key, and only what nobody has locked (SKIP
-- LOCKED): whoever holds a row closes it himself. Two statements close the plain quotas together, by the boundaries of
-- compute_quota_period. Limits with slots, values by hand, and in a caller's transaction all, go one by one.
--
--   p_transaction  OWN or JOINED: whose transaction the batch is in; run_quota_job opens and ends it
--   p_batch_size   rows at most
--   p_until        the latest wall clock at which a quota can be due
--   p_limit_type .. p_quota_id   where the batch before ended, and then this one; before the first HOURLY, NULL and 0.
--                  p_quota_id NULL: nothing is left
--   p_settled      rows closed or scheduled
--
-- Source   docs/design.md, section 4

CREATE PROCEDURE close_ended_quota_periods (
    IN    p_transaction  VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_batch_size   INT,
    IN    p_until        DATETIME(6),
    INOUT p_limit_type   VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_reset_time   DATETIME(6),
    INOUT p_quota_id     BIGINT UNSIGNED,
    OUT   p_settled      BIGINT
)
    COMMENT 'internal: close one batch of periods that are over.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_utc          DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
    DECLARE v_batch        JSON;    -- is_plain NULL: somebody holds it, or closed it meanwhile
    DECLARE v_plain_count, v_place  INT DEFAULT 0;
    DECLARE v_by_month     BOOLEAN DEFAULT p_limit_type IN ('MONTHLY', 'QUARTERLY', 'YEARLY');
    DECLARE v_interval     BIGINT DEFAULT ELT(  -- months, or seconds
            FIELD(p_limit_type, 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'YEARLY'),
            3600, 86400, 604800, 1, 3, 12);
    DECLARE v_ignored      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    SELECT COUNT(is_plain), COALESCE(SUM(is_plain), 0), JSON_ARRAYAGG(JSON_OBJECT(
               'id', id, 'end', next_reset_time, 'zone', COALESCE(zone, 'SYSTEM'), 'clock', clock, 'anchor', anchor,
               'is_plain', is_plain))
    INTO p_settled, v_plain_count, v_batch
    FROM (SELECT l.*, q.period_anchor AS anchor,
                 IF(q.quota_id IS NULL OR NOT t.time_zone <=> l.zone, NULL,
                    p_transaction = 'OWN' AND q.slot_count = 0 AND q.period_start IS NOT NULL
                    AND q.period_anchor IS NOT NULL AND COALESCE(q.period_end = q.next_reset_time, FALSE)) AS is_plain
          FROM (SELECT id, next_reset_time, zone, clock
                FROM (SELECT q.quota_id AS id, q.next_reset_time, t.time_zone AS zone,
                             CONVERT_TZ(v_utc, '+00:00', COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone)
                                        ) AS clock
                      FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_due)
                      LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
                      WHERE q.limit_type = p_limit_type
                        AND (q.next_reset_time <=> p_reset_time AND q.quota_id > p_quota_id
                             OR q.next_reset_time > p_reset_time AND q.next_reset_time <= p_until)) AS ahead
                WHERE COALESCE(next_reset_time, '1000-01-01') <= clock
                ORDER BY next_reset_time, id LIMIT p_batch_size) AS l
          LEFT JOIN tenant_quotas AS q FORCE INDEX (PRIMARY)
              ON q.quota_id = l.id AND q.limit_type = p_limit_type
              AND COALESCE(q.next_reset_time, '1000-01-01') <= l.clock
          LEFT JOIN tenants AS t FORCE INDEX (PRIMARY) ON t.tenant_id = q.tenant_id
          FOR UPDATE OF q SKIP LOCKED FOR SHARE OF t SKIP LOCKED) AS due;

    IF v_plain_count > 0 THEN
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
        SELECT q.quota_id, q.tenant_id, 'RESET', -q.used_count, 0, q.period_start, v_utc
        FROM JSON_TABLE(v_batch, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$.id', is_plain INT PATH '$.is_plain')) AS d
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = d.id
        WHERE d.is_plain;

        UPDATE (
            WITH closed AS (
                SELECT *, IF(v_by_month, PERIOD_DIFF(EXTRACT(YEAR_MONTH FROM clock), EXTRACT(YEAR_MONTH FROM anchor)),
                             TIMESTAMPDIFF(SECOND, '0001-01-01', clock)
                             - TIMESTAMPDIFF(SECOND, '0001-01-01', anchor)) AS distance
                FROM JSON_TABLE(v_batch, '$[*]' COLUMNS (
                         id     BIGINT UNSIGNED PATH '$.id', clock DATETIME(6) PATH '$.clock',
                         anchor DATETIME PATH '$.anchor', is_plain INT PATH '$.is_plain')) AS d
                WHERE is_plain
            ), rounded AS (
                SELECT *, distance - MOD(MOD(distance, v_interval) + v_interval, v_interval) AS whole FROM closed
            ), counted AS (
                SELECT *, whole - IF(v_by_month AND anchor + INTERVAL whole MONTH > clock, v_interval, 0) AS passed
                FROM rounded
            )
            SELECT id, clock - INTERVAL MICROSECOND(clock) MICROSECOND AS reset_time,
                   IF(v_by_month, anchor + INTERVAL passed MONTH, anchor + INTERVAL passed SECOND) AS starts,
                   IF(v_by_month, anchor + INTERVAL passed + v_interval MONTH,
                      anchor + INTERVAL passed + v_interval SECOND) AS ends
            FROM counted
        ) AS p
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = p.id
        SET q.earlier_count = q.earlier_count + q.used_count, q.used_count = 0, q.reset_time = p.reset_time,
            q.period_start = p.starts, q.period_end = p.ends, q.next_reset_time = p.ends,
            q.next_alert_count = IF(  -- the column's default, which is not to be had in a join
                q.enforcement = 'SHADOW', LEAST(COALESCE(q.soft_limit, 9223372036854775807),
                                                LEAST(q.hard_limit, 9223372036854775806) + 1), q.soft_limit);
    END IF;
    WHILE v_place < JSON_LENGTH(v_batch) AND v_plain_count < p_settled DO
        IF JSON_EXTRACT(v_batch, CONCAT('$[', v_place, '].is_plain')) = 0 THEN
            CALL settle_quota_period(JSON_EXTRACT(v_batch, CONCAT('$[', v_place, '].id')),
                                     JSON_UNQUOTE(JSON_EXTRACT(v_batch, CONCAT('$[', v_place, '].zone'))), v_ignored);
        END IF;
        SET v_place = v_place + 1;
    END WHILE;

    IF JSON_LENGTH(v_batch) >= p_batch_size THEN  -- go on behind the last one
        SELECT next_reset_time, quota_id INTO p_reset_time, p_quota_id
        FROM JSON_TABLE(v_batch, '$[*]' COLUMNS (
            quota_id BIGINT UNSIGNED PATH '$.id', next_reset_time DATETIME PATH '$.end')) AS f
        ORDER BY next_reset_time DESC, quota_id DESC LIMIT 1;
    ELSEIF p_reset_time IS NULL THEN
        SET p_reset_time = '1000-01-01', p_quota_id = 0;
    ELSE
        SET p_limit_type = ELT(FIELD(p_limit_type, 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY'),
                               'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'YEARLY');
        SET p_reset_time = NULL, p_quota_id = IF(p_limit_type IS NULL, NULL, 0);
    END IF;
END
