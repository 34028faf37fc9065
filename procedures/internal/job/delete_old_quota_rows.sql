-- delete_old_quota_rows: internal: purge one batch of old ledger rows; after the last, of holds and alerts.
--
-- Walks the quotas that have old rows, and each one's rows by age, under the quota's row lock. It passes over a quota
-- that somebody has locked (SKIP LOCKED). run_quota_job opens its transaction and ends it.
--
-- Kept, however old: rows of the open period; of a key that has a younger row, or one that somebody has locked; of a
-- reservation that is held, or was settled too lately. A key goes whole, with its hold: what is left of one answers a
-- repeated call wrongly. One ADJUST row takes the place of a period's deleted rows, unless they sum to 0. Other settled
-- holds go when no ledger row is of them, delivered alerts when their period must be over.
--
--   p_batch_size   rows looked at, at most; of holds and alerts so many each
--   p_cutoff       UTC; only rows before it
--   p_created_at, p_record_id, p_quota_id   where the batch before ended, and then this one. p_created_at NULL: that
--                  quota is done; p_quota_id NULL: the ledger. p_purged: rows deleted
--
-- Source   docs/design.md, sections 2 to 4 and 6

CREATE PROCEDURE delete_old_quota_rows (
    IN    p_batch_size  INT,
    IN    p_cutoff      DATETIME(6),
    INOUT p_created_at  DATETIME(6),
    INOUT p_record_id   BIGINT UNSIGNED,
    INOUT p_quota_id    BIGINT UNSIGNED,
    OUT   p_purged      BIGINT
)
    COMMENT 'internal: purge one batch of old ledger rows; after the last, of holds and alerts.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_next_id      BIGINT UNSIGNED;
    DECLARE v_tenant_id    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_open_start   DATETIME;     -- of the open period, tenant wall clock
    DECLARE v_open_at      DATETIME(6);  -- the same in UTC, for rows that bear no period
    DECLARE v_rows, v_old  JSON;         -- rows of the batch, delta NULL: kept; ADJUST rows of their periods
    DECLARE v_seen         INT;
    DECLARE v_last         VARCHAR(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- place of the batch's last row
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    IF p_quota_id IS NULL THEN
        SELECT JSON_ARRAYAGG(JSON_OBJECT('id', reservation_id, 'quota', quota_id)) INTO v_rows
        FROM (SELECT r.reservation_id, r.quota_id
              FROM quota_reservations AS r FORCE INDEX (quota_reservations_lapsed)
              WHERE r.status IN ('CONFIRMED', 'CANCELLED', 'RELEASED', 'EXPIRED')
                AND r.expires_at < p_cutoff AND r.updated_at < p_cutoff
                AND (SELECT COUNT(*) FROM quota_usage_records AS u FORCE INDEX (quota_usage_records_biz_key)
                     WHERE u.quota_id = r.quota_id AND u.biz_type = r.biz_type AND u.biz_id = r.biz_id
                       AND u.reservation_id = r.reservation_id) = 0
              LIMIT p_batch_size FOR UPDATE OF r SKIP LOCKED) AS l;
        DELETE r
        FROM JSON_TABLE(v_rows, '$[*]' COLUMNS (
                 id     CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.id',
                 quota  BIGINT UNSIGNED PATH '$.quota')) AS l
        STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY) ON r.reservation_id = l.id AND r.quota_id = l.quota;
        SET p_purged = ROW_COUNT();
        DELETE a
        FROM (SELECT alert_id FROM quota_alerts
              WHERE delivered_at < p_cutoff AND limit_type <> 'TOTAL'
                AND period_start < p_cutoff - INTERVAL CASE limit_type WHEN 'YEARLY' THEN 12 WHEN 'QUARTERLY' THEN 3
                                                                       ELSE 1 END MONTH
              LIMIT p_batch_size FOR UPDATE SKIP LOCKED) AS l
        STRAIGHT_JOIN quota_alerts AS a FORCE INDEX (PRIMARY) ON a.alert_id = l.alert_id;
        SET p_purged = p_purged + ROW_COUNT();
    ELSE
        IF p_created_at IS NULL THEN
            SELECT q.quota_id INTO v_next_id FROM tenant_quotas AS q FORCE INDEX (PRIMARY)
            JOIN LATERAL (SELECT r.created_at FROM quota_usage_records AS r FORCE INDEX (PRIMARY)
                          WHERE r.quota_id = q.quota_id AND r.operation_type <> 'ADJUST'
                          ORDER BY r.created_at LIMIT 1) AS oldest
            WHERE q.quota_id > p_quota_id AND oldest.created_at < p_cutoff ORDER BY q.quota_id LIMIT 1;
            SET p_quota_id = v_next_id, p_created_at = '1000-01-01', p_record_id = 0;
        END IF;
        -- A limit without periods is never open, one without a schedule is left out.
        SELECT q.tenant_id, IF(q.period_end = '9999-12-31', q.period_end, q.period_start),
               IF(q.period_end = '9999-12-31', q.period_end, CONVERT_TZ(
                  q.period_start, COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone), '+00:00'))
        INTO v_tenant_id, v_open_start, v_open_at
        FROM tenant_quotas AS q
        LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
        WHERE q.quota_id = p_quota_id
          AND (t.tenant_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM tenants WHERE tenant_id = q.tenant_id))
        FOR UPDATE OF q SKIP LOCKED FOR SHARE OF t SKIP LOCKED;
        -- A plain look finds rows; they are locked, with all of their keys, as they are now.
        WITH walked AS (
            SELECT created_at, record_id, biz_type, biz_id, origin_tenant_id
            FROM quota_usage_records FORCE INDEX (PRIMARY)
            WHERE quota_id = p_quota_id AND operation_type <> 'ADJUST' AND v_open_at IS NOT NULL
              AND (created_at = p_created_at AND record_id > p_record_id
                   OR created_at > p_created_at AND created_at < p_cutoff)
              AND COALESCE(period_start < v_open_start, created_at < v_open_at)
            ORDER BY created_at, record_id LIMIT p_batch_size
        ), ids AS (SELECT DISTINCT biz_type, biz_id FROM walked), whole AS (
            SELECT biz_type, biz_id, origin_tenant_id, COUNT(*) AS row_count
            FROM ids STRAIGHT_JOIN quota_usage_records FORCE INDEX (quota_usage_records_biz_key)
                USING (biz_type, biz_id)
            STRAIGHT_JOIN (SELECT DISTINCT biz_type, biz_id, origin_tenant_id FROM walked) AS named
                USING (biz_type, biz_id, origin_tenant_id)
            WHERE quota_id = p_quota_id GROUP BY biz_type, biz_id, origin_tenant_id
        ), each_row AS (
            (SELECT r.*, 1 AS row_count
             FROM walked STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (PRIMARY) USING (created_at, record_id)
             WHERE r.quota_id = p_quota_id AND CONCAT(r.biz_type, r.biz_id) IS NULL FOR UPDATE OF r SKIP LOCKED)
            UNION ALL
            (SELECT r.*, whole.row_count
             FROM ids STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
                 USING (biz_type, biz_id)
             STRAIGHT_JOIN whole USING (biz_type, biz_id, origin_tenant_id)
             WHERE r.quota_id = p_quota_id FOR UPDATE OF r SKIP LOCKED)
        )
        SELECT (SELECT COUNT(*) FROM walked), (SELECT MAX(CONCAT(created_at, LPAD(record_id, 20, '0'))) FROM walked),
               COUNT(delta), JSON_ARRAYAGG(JSON_OBJECT('at', created_at, 'id', record_id, 'start', period_start,
                                           'delta', delta, 'hold', IF(biz_id IS NULL, NULL, reservation_id)))
        INTO v_seen, v_last, p_purged, v_rows
        FROM (SELECT each_row.*, IF(COUNT(*) OVER by_key < row_count OR MAX(
                         created_at >= p_cutoff OR NOT COALESCE(period_start < v_open_start, created_at < v_open_at)
                         OR (SELECT COUNT(*) FROM quota_reservations AS h
                             WHERE h.reservation_id = each_row.reservation_id AND h.quota_id = p_quota_id
                               AND (status = 'HELD' OR expires_at >= p_cutoff OR updated_at >= p_cutoff) FOR SHARE)
                     ) OVER by_key, NULL, delta_value) AS delta
              FROM each_row
              WINDOW by_key AS (PARTITION BY biz_type, biz_id, origin_tenant_id,
                                             IF(CONCAT(biz_type, biz_id) IS NULL, record_id, 0))) AS judged;
        SET p_created_at = IF(v_seen < p_batch_size, NULL, LEFT(v_last, 26)), p_record_id = SUBSTRING(v_last, 27);

        IF p_purged > 0 THEN
            SELECT JSON_ARRAYAGG(JSON_OBJECT(
                       'at', r.created_at, 'id', r.record_id, 'start', r.period_start, 'delta', r.delta_value))
            INTO v_old
            FROM (SELECT DISTINCT start FROM JSON_TABLE(v_rows, '$[*]' COLUMNS (
                      start DATETIME PATH '$.start', delta BIGINT PATH '$.delta')) AS d WHERE delta IS NOT NULL) AS p
            STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
                ON r.quota_id = p_quota_id AND r.biz_type IS NULL AND r.biz_id IS NULL
                AND r.operation_type = 'ADJUST' AND r.period_start <=> p.start AND r.created_at < p_cutoff
            FOR UPDATE OF r;
            SET v_rows = JSON_MERGE_PRESERVE(v_rows, COALESCE(v_old, JSON_ARRAY()));
            DELETE r, h FROM JSON_TABLE(v_rows, '$[*]' COLUMNS (
                at DATETIME(6) PATH '$.at', id BIGINT UNSIGNED PATH '$.id', delta BIGINT PATH '$.delta',
                hold CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.hold')) AS d
            STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (PRIMARY)
                ON r.quota_id = p_quota_id AND r.created_at = d.at AND r.record_id = d.id
            LEFT JOIN quota_reservations AS h FORCE INDEX (PRIMARY)
                ON h.reservation_id = d.hold AND h.quota_id = p_quota_id
            WHERE d.delta IS NOT NULL;
            INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value, period_start, created_at)
            SELECT p_quota_id, v_tenant_id, 'ADJUST', SUM(delta), start, MAX(at)
            FROM JSON_TABLE(v_rows, '$[*]' COLUMNS (
                at DATETIME(6) PATH '$.at', start DATETIME PATH '$.start', delta BIGINT PATH '$.delta')) AS d
            WHERE delta IS NOT NULL GROUP BY start HAVING SUM(delta) <> 0;
        END IF;
    END IF;
END
