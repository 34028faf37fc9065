-- expire_quota_reservations: give back every lapsed reservation and lease, in small batches.
--
-- What the event calls each minute. It only sweeps: whoever would be denied by a limit gives
-- back that limit's lapsed holds first. One run at a time (GET_LOCK); a second one is
-- answered BUSY. It leaves a heartbeat in quota_jobs. With a transaction open it sweeps one
-- batch only, as part of it.
--
--   p_batch_size   quotas a look, 1 or more; each quota is a transaction of its own
--
-- Answers  one row: success, status (DONE, BUSY), rows_done (holds), transaction
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   DESIGN, section 3
-- Example  CALL expire_quota_reservations(100);

CREATE PROCEDURE expire_quota_reservations (
    IN p_batch_size  INT
)
    COMMENT 'Give back every lapsed reservation and lease, in small batches.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_lock_name    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                           DEFAULT CONCAT('tenant_quota.expire.', LEFT(SHA2(DATABASE(), 256), 40));
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_running   BOOLEAN DEFAULT FALSE;
    DECLARE v_rows_done    BIGINT DEFAULT 0;
    DECLARE v_started_at   DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
    DECLARE v_message      VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_message = MESSAGE_TEXT;
        IF v_is_running THEN
            IF v_transaction = 'OWN' THEN
                CALL record_quota_job('expire_quota_reservations', v_started_at, v_rows_done, v_message);
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
        CALL sweep_lapsed_holds(p_batch_size, NULL, v_rows_done);
        IF v_transaction = 'OWN' THEN
            CALL record_quota_job('expire_quota_reservations', v_started_at, v_rows_done, NULL);
        END IF;
        DO RELEASE_LOCK(v_lock_name);
    END IF;

    SELECT v_is_running                       AS success,
           IF(v_is_running, 'DONE', 'BUSY')   AS status,
           v_rows_done                        AS rows_done,
           v_transaction                      AS `transaction`;
END
