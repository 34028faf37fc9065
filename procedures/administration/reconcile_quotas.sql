-- reconcile_quotas: compare counters with the ledger, and answer with a row for each drift.
--
-- Counted limits: the exact use (the counter, less what slots have not spent) is the sum of the whole ledger.
-- CONCURRENT limits: as many tokens are out as leases hold, or more. While only procedures write there is no drift.
-- SQL by hand makes some: a counter set back without a RESET row, a deleted ledger row.
--
-- It keeps nobody waiting: a hundred quotas at a time are compared without locks. Only one that differs is locked,
-- compared again and, if asked, repaired, each in a transaction of its own. Inside the caller's it is all part of
-- that. It reads the whole ledger: call it in quiet hours if that is large.
--
--   p_tenant_id   whose quotas; NULL: all
--   p_repair      TRUE: write one ADJUST row for each drift, so that the ledger agrees with the counter, which decides.
--                 It is of the last earlier period that lacks just this much, as a reset by hand leaves it; else of the
--                 open one. Leases are only reported: they have no ledger. leased_count is set right silently
--
-- Answers  a row for each drift, none where all is well: quota_id, tenant_id, quota_type, limit_type, used_count
--          (exact), ledger_sum (CONCURRENT: held by leases), drift (used_count - ledger_sum), status (DRIFT, REPAIRED)
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, sections 4 and 6
-- Example  CALL reconcile_quotas(NULL, FALSE);

CREATE PROCEDURE reconcile_quotas (
    IN p_tenant_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_repair     BOOLEAN
)
    COMMENT 'Compare counters with the ledger, and answer with a row for each drift.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_found             JSON DEFAULT JSON_ARRAY();  -- the answer
    DECLARE v_after             BIGINT UNSIGNED DEFAULT 0;  -- quotas up to here are done
    DECLARE v_last, v_quota_id  BIGINT UNSIGNED;            -- v_last: of the hundred at hand; NULL: there are no more
    DECLARE v_transaction, v_tenant_id, v_quota_type, v_limit_type, v_status
                                VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_next_reset_time, v_open, v_adjusted DATETIME;  -- v_open: the open period; v_adjusted: of ADJUST
    DECLARE v_used, v_unspent   BIGINT;                     -- exact use; what slots have not spent
    DECLARE v_sum, v_leased     BIGINT;                     -- of the ledger, or of the leases; lapsed ones too
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    CALL validate_quota_argument('p_tenant_id', COALESCE(p_tenant_id, 'all'), NULL, 64);
    IF p_repair IS NULL THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = 'invalid_argument: p_repair is NULL; say TRUE or FALSE';
    END IF;
    SET v_transaction = IF(p_repair, NULL, 'READ');
    CALL open_quota_transaction(v_transaction);
    CALL keep_quota_transaction(v_transaction);

    REPEAT
        SELECT MAX(quota_id) INTO v_last
        FROM (SELECT quota_id FROM tenant_quotas
              WHERE quota_id > v_after AND (p_tenant_id IS NULL OR tenant_id = p_tenant_id)
              ORDER BY quota_id LIMIT 100) AS next_ones;
        REPEAT
            SET v_quota_id = NULL, v_limit_type = NULL, v_status = NULL;
            SELECT q.quota_id INTO v_quota_id
            FROM tenant_quotas AS q FORCE INDEX (PRIMARY)
            JOIN LATERAL (
                SELECT q.used_count - (SELECT COALESCE(SUM(s.remaining), 0)
                                       FROM quota_slots AS s
                                       WHERE s.quota_id = q.quota_id
                                         AND s.next_reset_time <=> q.next_reset_time) AS used,
                       IF(q.limit_type = 'CONCURRENT',
                          (SELECT COALESCE(SUM(h.amount), 0)
                           FROM quota_reservations AS h
                           WHERE h.quota_id = q.quota_id AND h.status = 'HELD' AND h.expires_at > UTC_TIMESTAMP(6)),
                          (SELECT COALESCE(SUM(r.delta_value), 0)
                           FROM quota_usage_records AS r FORCE INDEX (PRIMARY)
                           WHERE r.quota_id = q.quota_id)) AS recorded
            ) AS c
            WHERE q.quota_id > v_after AND q.quota_id <= v_last
              AND (p_tenant_id IS NULL OR q.tenant_id = p_tenant_id)
              AND q.limit_type <> 'RATE'
              AND (c.used < c.recorded OR c.used > c.recorded AND q.limit_type <> 'CONCURRENT'
                   OR p_repair AND q.limit_type = 'CONCURRENT' AND q.leased_count <> (
                      SELECT COALESCE(SUM(h.amount), 0) FROM quota_reservations AS h
                      WHERE h.quota_id = q.quota_id AND h.status = 'HELD'))
            ORDER BY q.quota_id LIMIT 1;
            SET v_after = COALESCE(v_quota_id, v_last);
            IF v_quota_id IS NOT NULL THEN
                SET v_transaction = IF(p_repair, NULL, 'READ');
                CALL open_quota_transaction(v_transaction);
                SELECT tenant_id, quota_type, limit_type, used_count, next_reset_time, period_start
                INTO v_tenant_id, v_quota_type, v_limit_type, v_used, v_next_reset_time, v_open
                FROM tenant_quotas WHERE quota_id = v_quota_id FOR UPDATE;
                SELECT COALESCE(SUM(IF(next_reset_time <=> v_next_reset_time, remaining, 0)), 0) INTO v_unspent
                FROM quota_slots WHERE quota_id = v_quota_id FOR UPDATE;
                SET v_used = v_used - v_unspent;
                IF v_limit_type = 'CONCURRENT' THEN
                    SELECT COALESCE(SUM(IF(expires_at > UTC_TIMESTAMP(6), amount, 0)), 0), COALESCE(SUM(amount), 0)
                    INTO v_sum, v_leased
                    FROM quota_reservations WHERE quota_id = v_quota_id AND status = 'HELD' FOR SHARE;
                    SET v_status = IF(v_used < v_sum, 'DRIFT', NULL);
                    UPDATE tenant_quotas SET leased_count = v_leased WHERE quota_id = v_quota_id AND p_repair;
                ELSEIF v_limit_type <> 'RATE' THEN
                    SELECT COALESCE(IF(v_transaction = 'JOINED',  -- it may be old; our own need not lock a ledger
                        (SELECT SUM(delta_value) FROM quota_usage_records FORCE INDEX (PRIMARY)
                         WHERE quota_id = v_quota_id FOR SHARE), (
                         SELECT SUM(delta_value) FROM quota_usage_records FORCE INDEX (PRIMARY)
                         WHERE quota_id = v_quota_id)), 0) INTO v_sum;
                    SET v_status = IF(v_used <> v_sum, IF(p_repair, 'REPAIRED', 'DRIFT'), NULL);
                END IF;
                IF v_status = 'REPAIRED' THEN
                    SET v_adjusted = v_open;
                    SELECT period_start INTO v_adjusted
                    FROM quota_usage_records
                    WHERE quota_id = v_quota_id AND period_start < v_open
                    GROUP BY period_start
                    HAVING SUM(delta_value) = v_sum - v_used
                    ORDER BY period_start DESC LIMIT 1;
                    INSERT INTO quota_usage_records
                        (quota_id, tenant_id, operation_type, delta_value, current_used, period_start)
                    VALUES (v_quota_id, v_tenant_id, 'ADJUST', v_used - v_sum, v_used, v_adjusted);
                END IF;
                CALL keep_quota_transaction(v_transaction);
                SET v_transaction = NULL;
            END IF;
            IF v_status IS NOT NULL THEN
                SET v_found = JSON_ARRAY_APPEND(v_found, '$', JSON_OBJECT(
                    'quota_id', v_quota_id, 'tenant_id', v_tenant_id, 'quota_type', v_quota_type,
                    'limit_type', v_limit_type, 'used_count', v_used, 'ledger_sum', v_sum, 'status', v_status));
            END IF;
        UNTIL v_quota_id IS NULL END REPEAT;
    UNTIL v_last IS NULL END REPEAT;

    SELECT quota_id, tenant_id, quota_type, limit_type, used_count, ledger_sum, used_count - ledger_sum AS drift, status
    FROM JSON_TABLE(v_found, '$[*]' COLUMNS (
        place       FOR ORDINALITY, quota_id BIGINT UNSIGNED PATH '$.quota_id',
        tenant_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.tenant_id',
        quota_type  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
        limit_type  VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.limit_type',
        used_count  BIGINT PATH '$.used_count', ledger_sum BIGINT PATH '$.ledger_sum',
        status      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.status')) AS found
    ORDER BY place;
END
