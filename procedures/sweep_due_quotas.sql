-- sweep_due_quotas: internal: close one batch of periods that are over.
--
-- Takes only rows that nobody has locked (SKIP LOCKED): whoever holds one closes it himself. So a
-- sweep never waits while it keeps others waiting, and cannot deadlock. Each quota is judged by
-- the wall clock of its own zone; one whose zone is unknown is passed over.
--
-- It walks tenant_quotas_due, one limit type after the other: first the quotas without a schedule,
-- then those that are due, in the order of their next_reset_time. Two statements close the plain
-- ones of a batch: the first locks them and writes their RESET rows, the second finds them by
-- those rows and opens their new periods. The others go through settle_quota_period, one by one:
-- limits with slots, values written by hand, and in a caller's transaction all.
--
--   p_batch_size   rows at most
--   p_until        the latest wall clock at which a quota can be due
--   p_limit_type, p_reset_time, p_quota_id   where the batch before ended, and then this one.
--                  p_limit_type is empty before the first. p_quota_id NULL: nothing is left
--   p_settled      rows closed or scheduled
--
-- Source   DESIGN, section 4

CREATE PROCEDURE sweep_due_quotas (
    IN    p_batch_size  INT,
    IN    p_until       DATETIME(6),
    INOUT p_limit_type  VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_reset_time  DATETIME(6),
    INOUT p_quota_id    BIGINT UNSIGNED,
    OUT   p_settled     BIGINT
)
    COMMENT 'internal: close one batch of periods that are over.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_utc          DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
    DECLARE v_skipped      INT DEFAULT p_batch_size - 1;
    DECLARE v_end          DATETIME;         -- the batch ends before this next_reset_time,
    DECLARE v_last_id      BIGINT UNSIGNED;  -- and of p_reset_time with this quota
    DECLARE v_found_time   DATETIME;
    DECLARE v_found_id     BIGINT UNSIGNED;
    DECLARE v_is_over      BOOLEAN;
    DECLARE v_time_zone    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_ignored      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL end_quota_transaction(v_transaction, FALSE);
        RESIGNAL;
    END;

    SET p_settled = 0;
    CALL open_quota_transaction(v_transaction);
    IF p_limit_type = '' THEN
        SET p_limit_type = 'HOURLY', p_reset_time = NULL;
    END IF;

    SELECT next_reset_time, quota_id INTO v_end, v_last_id
    FROM tenant_quotas FORCE INDEX (tenant_quotas_due)
    WHERE limit_type = p_limit_type
      AND (next_reset_time = p_reset_time AND quota_id > p_quota_id
           OR next_reset_time > p_reset_time AND next_reset_time <= p_until)
    ORDER BY next_reset_time, quota_id
    LIMIT v_skipped, 1;
    SET v_last_id = IF(v_end = p_reset_time, v_last_id, 18446744073709551615);
    SET v_end = COALESCE(v_end, p_until + INTERVAL 1 SECOND);

    IF v_transaction = 'OWN' AND p_reset_time IS NOT NULL THEN
        CALL close_due_quotas(p_limit_type, p_reset_time, p_quota_id, v_last_id, v_end, p_settled);
    END IF;
    SET v_is_over = p_settled >= p_batch_size;
    WHILE NOT v_is_over DO
        SET v_found_id = NULL;
        SELECT q.quota_id, q.next_reset_time, COALESCE(t.time_zone, 'SYSTEM')
        INTO v_found_id, v_found_time, v_time_zone
        FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_due)
        LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
        WHERE q.limit_type = p_limit_type
          AND (q.next_reset_time <=> p_reset_time AND q.quota_id > p_quota_id AND q.quota_id <= v_last_id
               OR q.next_reset_time > p_reset_time AND q.next_reset_time < v_end)
          AND COALESCE(q.next_reset_time, '1000-01-01') <= CONVERT_TZ(
                  v_utc, '+00:00', IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM', @@GLOBAL.time_zone, t.time_zone))
        ORDER BY q.next_reset_time, q.quota_id
        LIMIT 1
        FOR UPDATE OF q SKIP LOCKED;
        IF v_found_id IS NOT NULL THEN
            CALL settle_quota_period(v_found_id, v_time_zone, v_ignored);
            SET p_reset_time = v_found_time, p_quota_id = v_found_id, p_settled = p_settled + 1;
        END IF;
        SET v_is_over = v_found_id IS NULL OR p_settled >= p_batch_size;
    END WHILE;
    CALL end_quota_transaction(v_transaction, TRUE);

    IF v_found_id IS NULL THEN  -- else the batch is full, and the next one goes on behind that quota
        IF p_reset_time IS NULL THEN
            SET p_reset_time = '1000-01-01', p_quota_id = 0;
        ELSEIF v_end <= p_until THEN
            SET p_quota_id = IF(v_end = p_reset_time, v_last_id, 0), p_reset_time = v_end;
        ELSE
            SET p_limit_type = ELT(FIELD(p_limit_type, 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY'),
                                   'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'YEARLY');
            SET p_reset_time = NULL, p_quota_id = IF(p_limit_type IS NULL, NULL, 0);
        END IF;
    END IF;
END
