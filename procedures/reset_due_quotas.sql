-- reset_due_quotas: close every lapsed period, in batches that keep nobody waiting.
--
-- What the event calls each minute. It only sweeps: whoever touches a lapsed quota first
-- closes its period, so answers are right with the event off, late or run twice. One run
-- at a time (GET_LOCK); a second one is answered BUSY. It leaves a heartbeat in quota_jobs.
-- After each batch it rests twice as long as that took: two thirds of a core are left to consumers.
-- With a transaction open it closes one batch only, as part of it.
--
--   p_batch_size   rows a transaction, 1 or more; they are held until it ends
--
-- Answers  one row: success, status (DONE, BUSY), rows_done, transaction
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   scenario 3; DESIGN, section 4
-- Example  CALL reset_due_quotas(100);

CREATE PROCEDURE reset_due_quotas (
    IN p_batch_size  INT
)
    COMMENT 'Close every lapsed period, in batches that keep nobody waiting.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_lock_name    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                           DEFAULT CONCAT('tenant_quota.reset.', LEFT(SHA2(DATABASE(), 256), 40));
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_running   BOOLEAN DEFAULT FALSE;
    DECLARE v_settled      BIGINT;
    DECLARE v_rows_done    BIGINT DEFAULT 0;
    DECLARE v_started_at   DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
    DECLARE v_batch_at     DATETIME(6);
    DECLARE v_message      VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_message = MESSAGE_TEXT;
        IF v_is_running THEN
            IF v_transaction = 'OWN' THEN
                CALL record_quota_job('reset_due_quotas', v_started_at, v_rows_done, v_message);
            END IF;
            DO RELEASE_LOCK(v_lock_name);
        END IF;
        RESIGNAL;
    END;

    CALL check_quota_number('p_batch_size', p_batch_size, 1);
    CALL guard_quota_session();
    CALL open_quota_transaction(v_transaction);
    CALL close_quota_transaction(v_transaction);

    SET v_is_running = COALESCE(GET_LOCK(v_lock_name, 0), FALSE);
    IF v_is_running THEN
        REPEAT
            SET v_batch_at = UTC_TIMESTAMP(6);
            CALL sweep_due_quotas(p_batch_size, NULL, v_settled);
            SET v_rows_done = v_rows_done + v_settled;
            IF v_settled > 0 AND v_transaction = 'OWN' THEN
                DO SLEEP(2 * TIMESTAMPDIFF(MICROSECOND, v_batch_at, UTC_TIMESTAMP(6)) / 1000000);
            END IF;
        UNTIL v_settled = 0 OR v_transaction = 'JOINED' END REPEAT;
        IF v_transaction = 'OWN' THEN
            CALL record_quota_job('reset_due_quotas', v_started_at, v_rows_done, NULL);
        END IF;
        DO RELEASE_LOCK(v_lock_name);
    END IF;

    SELECT v_is_running                       AS success,
           IF(v_is_running, 'DONE', 'BUSY')   AS status,
           v_rows_done                        AS rows_done,
           v_transaction                      AS `transaction`;
END
