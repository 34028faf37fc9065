-- check_quota: what consume_quota would answer now, without charging.
--
-- Takes no lock and writes nothing, so the answer may be out of date when it arrives: for
-- showing, never for deciding. A lapsed period is answered as if it were closed, and lapsed
-- reservations as if they were given back.
--
--   p_tenant_id, p_quota_type, p_amount, p_product_code   as in consume_quota
--
-- Answers  one row, as consume_quota; GRANTED says that it would be, and used_count and
--          remaining are those after it
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   DESIGN, section 3
-- Example  CALL check_quota('CH_123', 'REDEEM_CODE', 1, 'app_mall');

CREATE PROCEDURE check_quota (
    IN p_tenant_id     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_quota_type    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount        BIGINT,
    IN p_product_code  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'What consume_quota would answer now, without charging.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_limits             JSON;
    DECLARE v_suspended          BOOLEAN;
    DECLARE v_is_done            BOOLEAN DEFAULT FALSE;
    DECLARE v_errno              INT;
    DECLARE v_shown_rank         INT;
    DECLARE v_lapsed             BIGINT;
    DECLARE v_is_last_look       BOOLEAN DEFAULT FALSE;
    -- one limit's row
    DECLARE v_quota_id           BIGINT UNSIGNED;
    DECLARE v_time_zone          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limit_type         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_hard_limit         BIGINT;
    DECLARE v_used_count         BIGINT;
    DECLARE v_effective_time     DATETIME;
    DECLARE v_expire_time        DATETIME;
    DECLARE v_product_codes      JSON;
    DECLARE v_period_anchor      DATETIME;
    DECLARE v_next_reset_time    DATETIME;
    DECLARE v_refill_per_second  DECIMAL(18,6);
    DECLARE v_refilled_at        DATETIME(6);
    DECLARE v_enforcement        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    -- what judge_quota_limit says of it
    DECLARE v_verdict            VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_charged         BOOLEAN;
    DECLARE v_capacity           BIGINT;
    DECLARE v_used               BIGINT;
    DECLARE v_shift              BIGINT;
    DECLARE v_ceiling            BIGINT;
    DECLARE v_state              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_start       DATETIME;
    DECLARE v_period_end         DATETIME;
    DECLARE v_this_retry         BIGINT;
    -- the answer
    DECLARE v_success            BOOLEAN;
    DECLARE v_status             VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_shown_quota_id     BIGINT UNSIGNED;
    DECLARE v_shown_limit_type   VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_shown_hard_limit   BIGINT;
    DECLARE v_shown_used         BIGINT;
    DECLARE v_remaining          BIGINT;
    DECLARE v_shown_period_end   DATETIME;
    DECLARE v_retry_after_ms     BIGINT;
    DECLARE v_transaction        VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    DECLARE c_limits CURSOR FOR
        SELECT l.quota_id, l.time_zone, q.limit_type, q.hard_limit,
               q.used_count - (SELECT COALESCE(SUM(s.remaining), 0)
                               FROM quota_slots AS s
                               WHERE s.quota_id = q.quota_id AND s.next_reset_time <=> q.next_reset_time),
               q.effective_time, q.expire_time, q.product_codes, q.period_anchor, q.next_reset_time,
               q.refill_per_second, q.refilled_at, q.enforcement
        FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (
                 quota_id   BIGINT UNSIGNED PATH '$.quota_id',
                 time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.time_zone')) AS l
        STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = l.quota_id
        ORDER BY l.quota_id;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_done = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(v_transaction, v_errno);
        RESIGNAL;
    END;

    CALL check_quota_consumption(p_tenant_id, p_quota_type, p_amount, NULL, NULL, p_product_code);
    CALL guard_quota_session();
    CALL open_quota_transaction(v_transaction);
    CALL find_quota_limits(p_tenant_id, p_quota_type, 'CONSUME', 'OWN', v_limits, v_suspended);

    SET v_success = NOT v_suspended AND JSON_LENGTH(v_limits) > 0;
    SET v_status = CASE WHEN v_suspended THEN 'SUSPENDED' WHEN v_success THEN 'GRANTED' ELSE 'NO_QUOTA' END;

    OPEN c_limits;
    each_limit: LOOP
        FETCH c_limits INTO v_quota_id, v_time_zone, v_limit_type, v_hard_limit, v_used_count,
                            v_effective_time, v_expire_time, v_product_codes, v_period_anchor, v_next_reset_time,
                            v_refill_per_second, v_refilled_at, v_enforcement;
        IF v_is_done THEN
            LEAVE each_limit;
        END IF;
        judge: LOOP
            CALL judge_quota_limit(UTC_TIMESTAMP(6), v_time_zone, p_amount, p_product_code, 'CONSUME',
                                   v_limit_type, v_hard_limit, v_used_count, v_effective_time, v_expire_time,
                                   v_product_codes, v_period_anchor, v_next_reset_time, v_refill_per_second,
                                   v_refilled_at, v_enforcement, NULL,
                                   v_verdict, v_is_charged, v_capacity, v_used, v_shift, v_ceiling, v_refilled_at,
                                   v_state, v_period_start, v_period_end, v_this_retry);
            -- What has lapsed is given back to whoever would be denied without it.
            SET v_lapsed = 0;
            IF v_verdict = 'EXCEEDED' AND v_limit_type <> 'RATE' AND NOT v_is_last_look THEN
                SELECT COALESCE(SUM(amount), 0) INTO v_lapsed
                FROM quota_reservations
                WHERE quota_id = v_quota_id AND status = 'HELD' AND expires_at <= UTC_TIMESTAMP(6)
                  AND period_start <=> v_period_start;
            END IF;
            IF v_lapsed = 0 THEN
                LEAVE judge;
            END IF;
            SET v_used_count = v_used_count - v_lapsed, v_is_last_look = TRUE;
        END LOOP;
        SET v_is_last_look = FALSE;
        SET v_used = v_used + IF(v_is_charged, p_amount, 0);
        CALL show_quota_limit(v_quota_id, v_limit_type, v_hard_limit, v_enforcement, v_verdict, v_capacity, v_used,
                              v_period_end, v_this_retry, v_shown_rank, v_success, v_status, v_shown_quota_id,
                              v_shown_limit_type, v_shown_hard_limit, v_shown_used, v_remaining, v_shown_period_end,
                              v_retry_after_ms);
    END LOOP;
    CLOSE c_limits;
    CALL close_quota_transaction(v_transaction);

    SELECT v_success           AS success,
           v_status            AS status,
           v_shown_quota_id    AS quota_id,
           v_shown_limit_type  AS limit_type,
           v_shown_hard_limit  AS hard_limit,
           v_shown_used        AS used_count,
           v_remaining         AS remaining,
           v_shown_period_end  AS next_reset_time,
           v_retry_after_ms    AS retry_after_ms,
           v_transaction       AS `transaction`;
END
