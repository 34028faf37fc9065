-- run_quota_job: internal: run one scheduled job, batch by batch, to its end.
--
-- One run of a job at a time (GET_LOCK); a second one is answered BUSY. Its heartbeat is in quota_jobs, with the
-- error if one ended it. Inside a transaction it does one batch, as part of that, and leaves no heartbeat.
--
-- Each batch is a transaction, opened and ended here. It goes on from a place in an index, and says where it ended
-- (v_step, v_time, v_id; v_id NULL: nothing is left). So a run passes every row once, and leaves to the next run what
-- cannot be done now. After a batch of resets it rests half as long as that took, and never longer than 2 seconds.
--
--   p_job          reset_due_quotas, expire_quota_reservations or purge_quota_usage
--   p_keep_days    for purge_quota_usage
--   p_batch_size   rows in a batch, at most 10,000. expire_quota_reservations: a quota each; JOINED: holds, at most
--
-- Raises   what ended it; 45000 interrupted: this run was killed, or an earlier call of the session
-- Source   docs/design.md, sections 2 to 4

CREATE PROCEDURE run_quota_job (
    IN p_job         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_keep_days   INT,
    IN p_batch_size  INT
)
    COMMENT 'internal: run one scheduled job, batch by batch, to its end.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_lock_name    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                           DEFAULT CONCAT('tenant_quota.', SUBSTRING_INDEX(p_job, '_', 1), '.',
                                          LEFT(SHA2(DATABASE(), 256), 40));
    DECLARE v_transaction, v_open, v_time_zone  -- open: of the batch at work
                           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_started_at   DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
    DECLARE v_until        DATETIME(6);  -- rows up to here are to be done
    DECLARE v_batch_at     DATETIME(6);
    DECLARE v_batch_size   INT DEFAULT LEAST(p_batch_size, 10000);
    DECLARE v_joined_size  INT DEFAULT IF(p_job = 'expire_quota_reservations', v_batch_size, 1);  -- enough when JOINED
    DECLARE v_step         VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'HOURLY';
    DECLARE v_time         DATETIME(6) DEFAULT IF(p_job = 'reset_due_quotas', NULL, '1000-01-01 00:00:00');
    DECLARE v_id, v_record_id, v_quota_id  BIGINT UNSIGNED DEFAULT 0;
    DECLARE v_done, v_rows_done, v_others  BIGINT DEFAULT 0;
    DECLARE v_is_mine, v_is_running, v_is_over, v_is_last  BOOLEAN DEFAULT FALSE;
    DECLARE v_rest         DECIMAL(30,7);  -- seconds
    DECLARE v_message      VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_message = MESSAGE_TEXT;
        -- The lock first: what comes after it may fail. A server that refuses writes refuses the heartbeat.
        DO IF(v_is_running, RELEASE_LOCK(v_lock_name), NULL);
        CALL undo_quota_transaction(v_open);
        IF v_is_running THEN
            BEGIN
                DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN END;
                UPDATE quota_jobs SET finished_at = UTC_TIMESTAMP(6), rows_done = v_rows_done, last_error = v_message
                WHERE job_name = p_job AND tenant_id = '' AND v_transaction = 'OWN';
            END;
        END IF;
        RESIGNAL;
    END;

    CALL open_quota_transaction(v_open);
    CALL keep_quota_transaction(v_open);
    SET v_transaction = v_open, v_open = NULL;

    DO RELEASE_LOCK(v_lock_name);  -- a run of this session that was killed may have left it
    SET v_is_mine = COALESCE(GET_LOCK(v_lock_name, 0), FALSE), v_is_running = v_is_mine;
    IF v_is_mine THEN
        IF v_transaction = 'OWN' THEN
            INSERT INTO quota_jobs (job_name, started_at, server_time_zone)
            VALUES (p_job, v_started_at, @@GLOBAL.time_zone)
            ON DUPLICATE KEY UPDATE started_at = v_started_at, server_time_zone = @@GLOBAL.time_zone;
        END IF;
        IF p_job = 'reset_due_quotas' THEN
            SELECT MAX(CONVERT_TZ(v_started_at, '+00:00', IF(time_zone = 'SYSTEM', @@GLOBAL.time_zone, time_zone)))
            INTO v_until  -- the latest wall clock in use
            FROM (SELECT DISTINCT time_zone FROM tenants UNION SELECT 'SYSTEM') AS zone;
        ELSE
            SET v_until = v_started_at - INTERVAL LEAST(COALESCE(p_keep_days, 0), 300000) DAY;
        END IF;

        REPEAT
            SET v_batch_at = UTC_TIMESTAMP(6), v_is_last = v_id IS NULL;
            CALL open_quota_transaction(v_open);
            IF p_job = 'reset_due_quotas' THEN
                CALL close_ended_quota_periods(v_open, v_batch_size, v_until, v_step, v_time, v_id, v_done);
            ELSEIF p_job = 'expire_quota_reservations' THEN
                SET v_done = 0, v_quota_id = NULL;
                SELECT reservation_id, expires_at, quota_id INTO v_step, v_time, v_quota_id
                FROM quota_reservations FORCE INDEX (quota_reservations_lapsed)
                WHERE status = 'HELD' AND (expires_at > v_time AND expires_at <= v_until OR expires_at = v_time AND (
                      reservation_id > v_step OR reservation_id = v_step AND quota_id > v_id))
                ORDER BY expires_at, reservation_id, quota_id LIMIT 1;
                SET v_id = v_quota_id;
                -- All lapsed holds of its quota. Not where somebody has locked that, who gives them back himself if
                -- he needs the units, or its tenant; not in an unknown zone. What a deleted quota held ends with it.
                SELECT MAX(q.quota_id), MAX(COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone))
                INTO v_quota_id, v_time_zone
                FROM tenant_quotas AS q LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
                WHERE q.quota_id = v_id AND CONVERT_TZ(v_until, '+00:00', COALESCE(
                    NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone)) IS NOT NULL
                  AND (t.tenant_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM tenants WHERE tenant_id = q.tenant_id))
                FOR UPDATE OF q SKIP LOCKED FOR SHARE OF t SKIP LOCKED;
                SELECT COUNT(*) INTO v_others FROM tenant_quotas WHERE quota_id = v_id AND v_quota_id IS NULL;
                IF v_others = 0 AND v_id IS NOT NULL THEN
                    CALL lower_quota_use('LAPSED', v_id, NULL, v_time_zone, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                         NULL, v_done);
                END IF;
            ELSE
                CALL delete_old_quota_rows(v_batch_size, v_until, v_time, v_record_id, v_id, v_done);
            END IF;
            CALL keep_quota_transaction(v_open);
            SET v_open = NULL, v_rows_done = v_rows_done + v_done;
            IF p_job = 'reset_due_quotas' AND v_done > 0 AND v_transaction = 'OWN' THEN
                SET v_rest = TIMESTAMPDIFF(MICROSECOND, v_batch_at, UTC_TIMESTAMP(6)) * 0.0000005;
                SELECT SLEEP(LEAST(GREATEST(v_rest, 0), 2)) INTO v_rest;
                IF v_rest > 0 THEN  -- by KILL QUERY, which raises nothing here
                    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'interrupted: the run was killed while it rested';
                END IF;
            END IF;
            -- A purge goes on after its last quota: holds and alerts, until there are none.
            SET v_is_over = v_id IS NULL AND (p_job <> 'purge_quota_usage' OR v_is_last AND v_done = 0);
        UNTIL v_is_over OR v_transaction = 'JOINED' AND v_rows_done >= v_joined_size END REPEAT;

        DO RELEASE_LOCK(v_lock_name);
        SET v_is_running = FALSE;
        IF v_transaction = 'OWN' THEN
            UPDATE quota_jobs SET finished_at = UTC_TIMESTAMP(6), rows_done = v_rows_done, last_error = NULL
            WHERE job_name = p_job AND tenant_id = '';
        END IF;
    END IF;
    SELECT v_is_mine AS success, IF(v_is_mine, 'DONE', 'BUSY') AS status, v_rows_done AS rows_done,
           v_transaction AS `transaction`;
END
