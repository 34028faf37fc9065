-- purge_quota_usage: delete what is older than some days and no longer needed.
--
-- Ledger rows of closed periods go, and their sum stays: a period's rows and its RESET
-- row make 0; where they do not (rows written by hand), one ADJUST row of that period
-- carries the rest. Old rows of TOTAL limits become one ADJUST row. So counters and ledger
-- agree before and after, also where it is stopped half way. Settled holds and delivered
-- alerts go as well.
--
-- How long a biz key lives: p_keep_days from its last row on, and at least as long as its
-- period is open (TOTAL: p_keep_days). After that the same key charges again, and can
-- no longer be refunded. quota_usage_history shows what is not purged yet.
--
-- One run at a time (GET_LOCK); a second one is answered BUSY. It leaves a heartbeat in
-- quota_jobs. With a transaction open it does one batch only, as part of it.
--
--   p_keep_days    1 or more
--   p_batch_size   rows a transaction, 1 or more; their quotas are held until it ends
--
-- Answers  one row: success, status (DONE, BUSY), rows_done, transaction
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   DESIGN, sections 3 and 4
-- Example  CALL purge_quota_usage(400, 100);

CREATE PROCEDURE purge_quota_usage (
    IN p_keep_days   INT,
    IN p_batch_size  INT
)
    COMMENT 'Delete what is older than some days and no longer needed.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_lock_name    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                           DEFAULT CONCAT('tenant_quota.purge.', LEFT(SHA2(DATABASE(), 256), 40));
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_running   BOOLEAN DEFAULT FALSE;
    DECLARE v_cutoff       DATETIME(6);
    DECLARE v_created_at   DATETIME(6) DEFAULT '1000-01-01 00:00:00';
    DECLARE v_quota_id     BIGINT UNSIGNED DEFAULT 0;
    DECLARE v_record_id    BIGINT UNSIGNED DEFAULT 0;
    DECLARE v_seen         BIGINT;
    DECLARE v_purged       BIGINT;
    DECLARE v_rows_done    BIGINT DEFAULT 0;
    DECLARE v_started_at   DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
    DECLARE v_message      VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_message = MESSAGE_TEXT;
        IF v_is_running THEN
            IF v_transaction = 'OWN' THEN
                CALL record_quota_job('purge_quota_usage', v_started_at, v_rows_done, v_message);
            END IF;
            DO RELEASE_LOCK(v_lock_name);
        END IF;
        RESIGNAL;
    END;

    CALL check_quota_number('p_keep_days', p_keep_days, 1);
    CALL check_quota_number('p_batch_size', p_batch_size, 1);
    CALL guard_quota_session();
    CALL open_quota_transaction(v_transaction);
    CALL close_quota_transaction(v_transaction);

    SET v_is_running = COALESCE(GET_LOCK(v_lock_name, 0), FALSE);
    IF v_is_running THEN
        SET v_cutoff = v_started_at - INTERVAL LEAST(p_keep_days, 300000) DAY;
        REPEAT
            CALL purge_quota_ledger(v_cutoff, p_batch_size, v_quota_id, v_created_at, v_record_id, v_seen, v_purged);
            SET v_rows_done = v_rows_done + v_purged;
        UNTIL v_seen < p_batch_size OR v_transaction = 'JOINED' END REPEAT;
        REPEAT
            CALL purge_quota_rows(v_cutoff, p_batch_size, v_purged);
            SET v_rows_done = v_rows_done + v_purged;
        UNTIL v_purged = 0 OR v_transaction = 'JOINED' END REPEAT;
        IF v_transaction = 'OWN' THEN
            CALL record_quota_job('purge_quota_usage', v_started_at, v_rows_done, NULL);
        END IF;
        DO RELEASE_LOCK(v_lock_name);
    END IF;

    SELECT v_is_running                       AS success,
           IF(v_is_running, 'DONE', 'BUSY')   AS status,
           v_rows_done                        AS rows_done,
           v_transaction                      AS `transaction`;
END
