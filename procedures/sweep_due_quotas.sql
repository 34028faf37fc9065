-- sweep_due_quotas: internal: close one batch of lapsed periods.
--
-- Takes only rows that nobody holds (SKIP LOCKED): whoever holds one closes it himself.
-- So a sweep never waits while it keeps others waiting, and cannot deadlock. Zones are
-- judged row by row; the index is entered with the latest wall clock in use.
--
--   p_batch_size   rows at most
--   p_now          UTC; NULL: the clock. Only tests name a time
--   p_settled      rows closed or scheduled; 0: none was left
--
-- Raises   nothing of its own
-- Source   DESIGN, section 4
-- Example  CALL sweep_due_quotas(100, NULL, v_settled);

CREATE PROCEDURE sweep_due_quotas (
    IN  p_batch_size  INT,
    IN  p_now         DATETIME(6),
    OUT p_settled     BIGINT
)
    COMMENT 'internal: close one batch of lapsed periods.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_now          DATETIME(6) DEFAULT COALESCE(p_now, UTC_TIMESTAMP(6));
    DECLARE v_latest       DATETIME(6);
    DECLARE v_quota_id     BIGINT UNSIGNED;
    DECLARE v_time_zone    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_state        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_done      BOOLEAN DEFAULT FALSE;
    DECLARE v_errno        INT;
    DECLARE c_due CURSOR FOR
        SELECT q.quota_id, COALESCE(t.time_zone, 'SYSTEM')
        FROM tenant_quotas AS q
        LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
        WHERE q.limit_type IN ('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'YEARLY')
          AND (q.next_reset_time IS NULL OR q.next_reset_time <= v_latest)
          AND COALESCE(q.next_reset_time, v_latest) <= IF(q.next_reset_time IS NULL, v_latest, CONVERT_TZ(
                  v_now, '+00:00', IF(COALESCE(t.time_zone, 'SYSTEM') = 'SYSTEM', @@GLOBAL.time_zone, t.time_zone)))
        LIMIT p_batch_size
        FOR UPDATE OF q SKIP LOCKED;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_done = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(v_transaction, v_errno);
        RESIGNAL;
    END;

    SET p_settled = 0;
    CALL open_quota_transaction(v_transaction);

    SELECT MAX(CONVERT_TZ(v_now, '+00:00', IF(time_zone = 'SYSTEM', @@GLOBAL.time_zone, time_zone))) INTO v_latest
    FROM (SELECT DISTINCT time_zone FROM tenants
          UNION SELECT 'SYSTEM') AS zone;

    OPEN c_due;
    each_due: LOOP
        FETCH c_due INTO v_quota_id, v_time_zone;
        IF v_is_done THEN
            LEAVE each_due;
        END IF;
        CALL settle_quota_period(v_quota_id, v_time_zone, p_now, v_state);
        SET p_settled = p_settled + (v_state <> 'OPEN');
    END LOOP;
    CLOSE c_due;

    CALL close_quota_transaction(v_transaction);
END
