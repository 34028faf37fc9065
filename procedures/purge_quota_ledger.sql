-- purge_quota_ledger: internal: purge one batch of old ledger rows of one quota, and keep every sum.
--
-- Walks the quotas that have old rows, and each one's rows by age, from where the batch before
-- ended. It decides under the quota's row lock; a quota that somebody has locked is left for the
-- next run (SKIP LOCKED), so a purge never waits while it keeps others waiting.
--
-- Kept, however old: rows of the open period; rows of a key that has a younger row; rows of a
-- reservation that is still held, or was settled too lately to be purged itself. The deleted rows
-- of one period are replaced by one ADJUST row of their sum, unless that is 0. Its ADJUST rows
-- from before go into it.
--
--   p_batch_size   rows looked at, at most
--   p_cutoff       UTC; only rows before it
--   p_created_at, p_record_id, p_quota_id   where the batch before ended, and then this one.
--                  p_created_at NULL: that quota is done. p_quota_id NULL: nothing is left
--   p_purged       rows deleted
--
-- Source   DESIGN, sections 3 and 4

CREATE PROCEDURE purge_quota_ledger (
    IN    p_batch_size  INT,
    IN    p_cutoff      DATETIME(6),
    INOUT p_created_at  DATETIME(6),
    INOUT p_record_id   BIGINT UNSIGNED,
    INOUT p_quota_id    BIGINT UNSIGNED,
    OUT   p_purged      BIGINT
)
    COMMENT 'internal: purge one batch of old ledger rows of one quota, and keep every sum.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction     VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_next_id         BIGINT UNSIGNED;
    DECLARE v_tenant_id       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_open_start      DATETIME;      -- of the open period, tenant wall clock
    DECLARE v_open_at         DATETIME(6);   -- the same in UTC, for rows that bear no period
    DECLARE v_seen            INT DEFAULT 0;
    DECLARE v_created_at      DATETIME(6);   -- of the row; NULL: none is left, or the batch is full
    DECLARE v_record_id       BIGINT UNSIGNED;
    DECLARE v_delta           BIGINT;
    DECLARE v_period_start    DATETIME;
    DECLARE v_biz_type        VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_biz_id          VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_reservation_id  CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_younger         INT DEFAULT 0;          -- rows of its key
    DECLARE v_holds           INT DEFAULT 0;          -- that need it
    DECLARE v_is_pending      BOOLEAN DEFAULT FALSE;  -- rows are deleted whose sum is still to be written:
    DECLARE v_purged_start    DATETIME;               -- their period,
    DECLARE v_purged_sum      BIGINT DEFAULT 0;       -- sum,
    DECLARE v_purged_at       DATETIME(6);            -- and latest created_at
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL end_quota_transaction(v_transaction, FALSE);
        RESIGNAL;
    END;

    SET p_purged = 0;
    CALL open_quota_transaction(v_transaction);
    IF p_created_at IS NULL THEN
        SELECT q.quota_id INTO v_next_id
        FROM tenant_quotas AS q FORCE INDEX (PRIMARY)
        JOIN LATERAL (SELECT r.created_at
                      FROM quota_usage_records AS r FORCE INDEX (PRIMARY)
                      WHERE r.quota_id = q.quota_id AND r.operation_type <> 'ADJUST'
                      ORDER BY r.created_at
                      LIMIT 1) AS oldest
        WHERE q.quota_id > p_quota_id AND oldest.created_at < p_cutoff
        ORDER BY q.quota_id
        LIMIT 1;
        SET p_quota_id = v_next_id, p_created_at = '1000-01-01', p_record_id = 0;
    END IF;
    -- A limit without periods is never open, a calendar limit without a schedule is left out.
    SELECT q.tenant_id, IF(q.limit_type IN ('TOTAL', 'RATE', 'CONCURRENT'), '9999-12-31', q.period_start),
           CONVERT_TZ(q.period_start, IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM',
                                         @@GLOBAL.time_zone, t.time_zone), '+00:00')
    INTO v_tenant_id, v_open_start, v_open_at
    FROM tenant_quotas AS q
    LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
    WHERE q.quota_id = p_quota_id
    FOR UPDATE OF q SKIP LOCKED;
    SET v_open_at = IF(v_open_start = '9999-12-31', v_open_start, v_open_at);

    each_row: LOOP
        SET v_created_at = NULL;
        IF v_open_at IS NOT NULL AND v_seen < p_batch_size THEN
            SELECT created_at, record_id, delta_value, period_start, biz_type, biz_id, reservation_id
            INTO v_created_at, v_record_id, v_delta, v_period_start, v_biz_type, v_biz_id, v_reservation_id
            FROM quota_usage_records FORCE INDEX (PRIMARY)
            WHERE quota_id = p_quota_id
              AND (created_at = p_created_at AND record_id > p_record_id
                   OR created_at > p_created_at AND created_at < p_cutoff)
              AND operation_type <> 'ADJUST'
              AND COALESCE(period_start < v_open_start, created_at < v_open_at)
            ORDER BY created_at, record_id
            LIMIT 1;
        END IF;
        IF v_created_at IS NOT NULL THEN
            SET v_seen = v_seen + 1, p_created_at = v_created_at, p_record_id = v_record_id;
            SELECT COUNT(*) INTO v_younger
            FROM quota_usage_records FORCE INDEX (quota_usage_records_biz_key)
            WHERE quota_id = p_quota_id AND biz_type = v_biz_type AND biz_id = v_biz_id AND created_at >= p_cutoff
            FOR SHARE SKIP LOCKED;
            SELECT COUNT(*) INTO v_holds
            FROM quota_reservations
            WHERE reservation_id = v_reservation_id AND quota_id = p_quota_id
              AND (status = 'HELD' OR expires_at >= p_cutoff OR updated_at >= p_cutoff)
            FOR SHARE;
        END IF;

        IF v_is_pending AND (v_created_at IS NULL OR NOT v_period_start <=> v_purged_start) THEN
            SELECT v_purged_sum + COALESCE(SUM(delta_value), 0),
                   GREATEST(v_purged_at, COALESCE(MAX(created_at), v_purged_at))
            INTO v_purged_sum, v_purged_at
            FROM quota_usage_records FORCE INDEX (quota_usage_records_biz_key)
            WHERE quota_id = p_quota_id AND biz_type IS NULL AND biz_id IS NULL AND operation_type = 'ADJUST'
              AND period_start <=> v_purged_start AND created_at < p_cutoff
            FOR UPDATE;
            DELETE r
            FROM quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
            WHERE quota_id = p_quota_id AND biz_type IS NULL AND biz_id IS NULL AND operation_type = 'ADJUST'
              AND period_start <=> v_purged_start AND created_at < p_cutoff;
            IF v_purged_sum <> 0 THEN
                INSERT INTO quota_usage_records
                    (quota_id, tenant_id, operation_type, delta_value, period_start, created_at)
                VALUES (p_quota_id, v_tenant_id, 'ADJUST', v_purged_sum, v_purged_start, v_purged_at);
            END IF;
            SET v_is_pending = FALSE, v_purged_sum = 0;
        END IF;
        IF v_created_at IS NULL THEN
            LEAVE each_row;
        END IF;
        IF v_younger + v_holds = 0 THEN
            DELETE FROM quota_usage_records
            WHERE quota_id = p_quota_id AND created_at = v_created_at AND record_id = v_record_id;
            IF ROW_COUNT() > 0 THEN  -- else a caller's old snapshot showed it
                SET v_is_pending = TRUE, v_purged_start = v_period_start, v_purged_at = v_created_at,
                    v_purged_sum = v_purged_sum + v_delta, p_purged = p_purged + 1;
            END IF;
        END IF;
    END LOOP;
    CALL end_quota_transaction(v_transaction, TRUE);
    SET p_created_at = IF(v_seen < p_batch_size, NULL, p_created_at);
END
