-- purge_quota_ledger: internal: purge one batch of old ledger rows, and keep every sum.
--
-- Walks the ledger, quota by quota and by age, from where the batch before ended: a run reads
-- all of it once. What may go is decided under the locks of the quotas concerned; a quota that
-- somebody holds is left for the next run (SKIP LOCKED), so a purge never waits while it keeps
-- others waiting. Kept, however old: rows of the open period; rows of a key that has a younger
-- row; rows of a reservation that is still held, or settled too lately to be purged itself.
-- What goes from one quota and period is replaced by one ADJUST row of its sum, unless that is
-- 0; an ADJUST row from before goes into it.
--
--   p_cutoff       UTC; only rows before it
--   p_batch_size   rows looked at, at most
--   p_quota_id, p_created_at, p_record_id   where the batch before ended; where this one did
--   p_seen         rows looked at; less than p_batch_size: that was all
--   p_purged       rows deleted
--
-- Raises   nothing of its own
-- Source   DESIGN, sections 3 and 4
-- Example  see purge_quota_usage

CREATE PROCEDURE purge_quota_ledger (
    IN    p_cutoff      DATETIME(6),
    IN    p_batch_size  INT,
    INOUT p_quota_id    BIGINT UNSIGNED,
    INOUT p_created_at  DATETIME(6),
    INOUT p_record_id   BIGINT UNSIGNED,
    OUT   p_seen        BIGINT,
    OUT   p_purged      BIGINT
)
    COMMENT 'internal: purge one batch of old ledger rows, and keep every sum.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_rows             JSON;                       -- the batch: the keys of its rows
    DECLARE v_quotas           JSON DEFAULT JSON_ARRAY();  -- of the batch, locked: what is open in each
    DECLARE v_purged           JSON;                       -- likewise
    DECLARE v_carried          JSON;                       -- older ADJUST rows, likewise
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_anchor    DATETIME;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_time_zone        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_local            DATETIME(6);
    DECLARE v_state            VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_start     DATETIME;
    DECLARE v_closed_start     DATETIME;
    DECLARE v_ignored          DATETIME;
    DECLARE v_is_done          BOOLEAN DEFAULT FALSE;
    DECLARE v_errno            INT;
    DECLARE c_quotas CURSOR FOR
        SELECT q.quota_id, q.limit_type, q.period_anchor, q.next_reset_time, z.time_zone,
               CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', z.time_zone)
        FROM (SELECT DISTINCT l.quota_id
              FROM JSON_TABLE(v_rows, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS l
              ORDER BY l.quota_id
              LIMIT 1000000) AS found
        STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = found.quota_id
        LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
        JOIN LATERAL (SELECT IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM', @@GLOBAL.time_zone, t.time_zone)
                             AS time_zone) AS z
        FOR UPDATE OF q SKIP LOCKED;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_done = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(v_transaction, v_errno);
        RESIGNAL;
    END;

    SET p_purged = 0;
    CALL open_quota_transaction(v_transaction);

    SELECT JSON_ARRAYAGG(JSON_OBJECT('quota_id', quota_id, 'created_at', created_at, 'record_id', record_id)),
           COUNT(*)
    INTO v_rows, p_seen
    FROM (SELECT quota_id, created_at, record_id
          FROM quota_usage_records FORCE INDEX (PRIMARY)
          WHERE quota_id >= p_quota_id AND created_at < p_cutoff AND operation_type <> 'ADJUST'
            AND (quota_id > p_quota_id OR created_at > p_created_at
                 OR (created_at = p_created_at AND record_id > p_record_id))
          ORDER BY quota_id, created_at, record_id
          LIMIT p_batch_size) AS batch;

    IF p_seen > 0 THEN
        SET p_quota_id = JSON_EXTRACT(v_rows, CONCAT('$[', p_seen - 1, '].quota_id'));
        SET p_created_at = JSON_EXTRACT(v_rows, CONCAT('$[', p_seen - 1, '].created_at'));
        SET p_record_id = JSON_EXTRACT(v_rows, CONCAT('$[', p_seen - 1, '].record_id'));

        OPEN c_quotas;
        each_quota: LOOP
            FETCH c_quotas INTO v_quota_id, v_limit_type, v_period_anchor, v_next_reset_time, v_time_zone, v_local;
            IF v_is_done THEN
                LEAVE each_quota;
            END IF;
            IF v_limit_type IN ('TOTAL', 'RATE', 'CONCURRENT') THEN
                SET v_quotas = JSON_ARRAY_APPEND(v_quotas, '$', JSON_OBJECT('quota_id', v_quota_id));
            ELSEIF v_local IS NOT NULL THEN
                CALL find_quota_period(v_limit_type, v_period_anchor, v_next_reset_time, v_local,
                                       v_state, v_ignored, v_period_start, v_ignored, v_closed_start);
                SET v_period_start = IF(v_state = 'DUE', v_closed_start, v_period_start);
                SET v_quotas = JSON_ARRAY_APPEND(v_quotas, '$', JSON_OBJECT(
                    'quota_id', v_quota_id, 'open_start', v_period_start,
                    'open_at', CONVERT_TZ(v_period_start, v_time_zone, '+00:00')));
            END IF;
        END LOOP;
        CLOSE c_quotas;

        SELECT JSON_ARRAYAGG(JSON_OBJECT('quota_id', r.quota_id, 'created_at', r.created_at,
                                         'record_id', r.record_id))
        INTO v_purged
        FROM JSON_TABLE(v_rows, '$[*]' COLUMNS (
            quota_id    BIGINT UNSIGNED PATH '$.quota_id',
            created_at  DATETIME(6) PATH '$.created_at',
            record_id   BIGINT UNSIGNED PATH '$.record_id')) AS l
        STRAIGHT_JOIN quota_usage_records AS r ON r.quota_id = l.quota_id AND r.created_at = l.created_at
            AND r.record_id = l.record_id
        STRAIGHT_JOIN JSON_TABLE(v_quotas, '$[*]' COLUMNS (
            quota_id    BIGINT UNSIGNED PATH '$.quota_id',
            open_start  DATETIME PATH '$.open_start',
            open_at     DATETIME PATH '$.open_at')) AS q ON q.quota_id = r.quota_id
        WHERE (q.open_start IS NULL OR COALESCE(r.period_start < q.open_start, r.created_at < q.open_at))
          AND NOT EXISTS (SELECT 1
                          FROM quota_usage_records AS younger
                          WHERE younger.quota_id = r.quota_id
                            AND younger.biz_type = r.biz_type AND younger.biz_id = r.biz_id
                            AND younger.created_at >= p_cutoff)
          AND NOT EXISTS (SELECT 1
                          FROM quota_reservations AS h
                          WHERE h.reservation_id = r.reservation_id AND h.quota_id = r.quota_id
                            AND (h.status = 'HELD' OR h.expires_at >= p_cutoff OR h.updated_at >= p_cutoff));
    END IF;

    IF v_purged IS NOT NULL THEN
        SET p_purged = JSON_LENGTH(v_purged);
        SELECT JSON_ARRAYAGG(JSON_OBJECT('quota_id', a.quota_id, 'created_at', a.created_at,
                                         'record_id', a.record_id))
        INTO v_carried
        FROM (SELECT DISTINCT r.quota_id, r.period_start
              FROM JSON_TABLE(v_purged, '$[*]' COLUMNS (
                  quota_id    BIGINT UNSIGNED PATH '$.quota_id',
                  created_at  DATETIME(6) PATH '$.created_at',
                  record_id   BIGINT UNSIGNED PATH '$.record_id')) AS l
              STRAIGHT_JOIN quota_usage_records AS r ON r.quota_id = l.quota_id AND r.created_at = l.created_at
                  AND r.record_id = l.record_id) AS g
        STRAIGHT_JOIN quota_usage_records AS a
            ON a.quota_id = g.quota_id AND a.biz_type IS NULL AND a.biz_id IS NULL
            AND a.operation_type = 'ADJUST' AND a.period_start <=> g.period_start AND a.created_at < p_cutoff;
        SET v_purged = IF(v_carried IS NULL, v_purged, JSON_MERGE_PRESERVE(v_purged, v_carried));

        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, period_start, created_at)
        SELECT r.quota_id, r.tenant_id, 'ADJUST', SUM(r.delta_value), r.period_start, MAX(r.created_at)
        FROM JSON_TABLE(v_purged, '$[*]' COLUMNS (
            quota_id    BIGINT UNSIGNED PATH '$.quota_id',
            created_at  DATETIME(6) PATH '$.created_at',
            record_id   BIGINT UNSIGNED PATH '$.record_id')) AS l
        STRAIGHT_JOIN quota_usage_records AS r ON r.quota_id = l.quota_id AND r.created_at = l.created_at
            AND r.record_id = l.record_id
        GROUP BY r.quota_id, r.tenant_id, r.period_start
        HAVING SUM(r.delta_value) <> 0;

        DELETE r
        FROM JSON_TABLE(v_purged, '$[*]' COLUMNS (
            quota_id    BIGINT UNSIGNED PATH '$.quota_id',
            created_at  DATETIME(6) PATH '$.created_at',
            record_id   BIGINT UNSIGNED PATH '$.record_id')) AS l
        STRAIGHT_JOIN quota_usage_records AS r ON r.quota_id = l.quota_id AND r.created_at = l.created_at
            AND r.record_id = l.record_id;
    END IF;
    CALL close_quota_transaction(v_transaction);
END
