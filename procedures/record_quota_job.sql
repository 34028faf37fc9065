-- record_quota_job: internal: leave the heartbeat of a scheduled procedure.
--
--   p_job_name     the procedure
--   p_started_at   UTC
--   p_rows_done    rows of this run
--   p_error        what ended it; NULL: it came to its end
--
-- Raises   nothing of its own
-- Source   DESIGN, sections 2 and 4
-- Example  CALL record_quota_job('reset_due_quotas', v_started_at, 12, NULL);

CREATE PROCEDURE record_quota_job (
    IN p_job_name    VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_started_at  DATETIME(6),
    IN p_rows_done   BIGINT,
    IN p_error       VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: leave the heartbeat of a scheduled procedure.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    UPDATE quota_jobs
    SET started_at       = p_started_at,
        finished_at      = UTC_TIMESTAMP(6),
        rows_done        = p_rows_done,
        last_error       = p_error,
        server_time_zone = @@GLOBAL.time_zone
    WHERE job_name = p_job_name AND tenant_id = '';

    IF ROW_COUNT() = 0 THEN
        INSERT INTO quota_jobs (job_name, started_at, finished_at, rows_done, last_error, server_time_zone)
        VALUES (p_job_name, p_started_at, UTC_TIMESTAMP(6), p_rows_done, p_error, @@GLOBAL.time_zone);
    END IF;
END
