-- judge_quota_limit: internal: what one limit says to one amount at one moment.
--
-- Reads no table and writes none: the caller has the row, locked or not, and does what
-- is said here. A lapsed period is judged as if it were closed already.
--
-- RATE is a token bucket in whole numbers: used_count counts the tokens taken since
-- refilled_at, and floor(elapsed * refill_per_second) of them have flowed back. The two
-- move on together by whole seconds that bring a whole number of tokens, so no fraction
-- is ever lost or won, however often it is called; a full bucket starts anew.
--
--   p_now           UTC, read after the row was locked
--   p_time_zone     tenants.time_zone of the limit's owner
--   p_amount        units asked for, 1 or more
--   p_product_code  what they are for; NULL is covered by limits on all products only
--   p_operation     CONSUME, RESERVE; or ACQUIRE, LEASE, which know no products
--   p_limit_type .. p_concurrent_tokens   the row
--   p_verdict       GRANTED, NOT_EFFECTIVE, EXPIRED, PRODUCT_NOT_COVERED or EXCEEDED; a
--                   SHADOW limit's verdict is for the report only
--   p_is_charged    whether a grant charges this limit: a SHADOW limit counts on beyond
--                   its hard limit (a bucket has nothing beyond empty), but counts nothing that
--                   it does not cover
--   p_capacity      units the limit has in all
--   p_used          exact use before this call
--   p_shift         what to add to used_count before charging (RATE)
--   p_ceiling       the highest used_count a charge may leave; NULL: none
--   p_refilled      the new refilled_at (RATE)
--   p_state, p_period_start, p_period_end   see find_quota_period; NULL without periods
--   p_retry_after_ms  milliseconds until the same call may succeed; NULL: waiting does not help
--
-- Raises   45001 invalid_argument for a zone the server does not know
-- Source   DESIGN, sections 2 to 4
-- Example  see charge_quota

CREATE PROCEDURE judge_quota_limit (
    IN  p_now                DATETIME(6),
    IN  p_time_zone          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount             BIGINT,
    IN  p_product_code       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_operation          VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_limit_type         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_hard_limit         BIGINT,
    IN  p_used_count         BIGINT,
    IN  p_effective_time     DATETIME,
    IN  p_expire_time        DATETIME,
    IN  p_product_codes      JSON,
    IN  p_period_anchor      DATETIME,
    IN  p_next_reset_time    DATETIME,
    IN  p_refill_per_second  DECIMAL(18,6),
    IN  p_refilled_at        DATETIME(6),
    IN  p_enforcement        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_concurrent_tokens  INT,
    OUT p_verdict            VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_is_charged         BOOLEAN,
    OUT p_capacity           BIGINT,
    OUT p_used               BIGINT,
    OUT p_shift              BIGINT,
    OUT p_ceiling            BIGINT,
    OUT p_refilled           DATETIME(6),
    OUT p_state              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_period_start       DATETIME,
    OUT p_period_end         DATETIME,
    OUT p_retry_after_ms     BIGINT
)
    COMMENT 'internal: what one limit says to one amount at one moment.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_local       DATETIME(6);
    DECLARE v_elapsed     BIGINT;          -- microseconds since refilled_at
    DECLARE v_returned    BIGINT;          -- tokens that have flowed back since then
    DECLARE v_credit      DECIMAL(40,6);   -- tokens of the whole seconds among them
    DECLARE v_wait_until  DATETIME(6);     -- tenant wall clock
    DECLARE v_ignored     DATETIME;

    CALL convert_quota_time(p_time_zone, p_now, v_local);
    SET p_shift = 0, p_refilled = p_refilled_at;
    SET p_capacity = p_hard_limit, p_used = p_used_count, p_ceiling = p_hard_limit;

    CASE p_limit_type
        WHEN 'TOTAL' THEN
            BEGIN END;
        WHEN 'CONCURRENT' THEN
            SET p_capacity = COALESCE(p_concurrent_tokens, 0), p_ceiling = p_capacity;
        WHEN 'RATE' THEN
            SET p_refilled = COALESCE(p_refilled_at, p_now);
            SET v_elapsed = GREATEST(TIMESTAMPDIFF(MICROSECOND, p_refilled, p_now), 0);
            SET v_returned = LEAST(FLOOR(v_elapsed * COALESCE(p_refill_per_second, 0) * 0.000001), p_used_count);
            SET v_credit = v_elapsed DIV 1000000 * COALESCE(p_refill_per_second, 0);
            SET p_used = p_used_count - v_returned;
            IF p_used = 0 THEN
                SET p_shift = -p_used_count, p_refilled = p_now;
            ELSEIF v_credit = FLOOR(v_credit) THEN
                SET p_shift = -v_credit, p_refilled = p_refilled + INTERVAL v_elapsed DIV 1000000 SECOND;
            END IF;
            SET p_ceiling = p_hard_limit + LEAST(p_used_count + p_shift - p_used, 9223372036854775807 - p_hard_limit);
        ELSE
            CALL find_quota_period(p_limit_type, p_period_anchor, p_next_reset_time, v_local,
                                   p_state, v_ignored, p_period_start, p_period_end, v_ignored);
            IF p_state = 'DUE' THEN
                SET p_used = 0;
            END IF;
    END CASE;

    SET p_verdict = CASE
        WHEN v_local < p_effective_time THEN 'NOT_EFFECTIVE'
        WHEN v_local >= p_expire_time THEN 'EXPIRED'
        WHEN p_operation IN ('CONSUME', 'RESERVE') AND p_product_codes IS NOT NULL
             AND NOT COALESCE(p_product_code MEMBER OF (p_product_codes), FALSE) THEN 'PRODUCT_NOT_COVERED'
        WHEN p_used > p_capacity - p_amount THEN 'EXCEEDED'
        ELSE 'GRANTED'
    END;

    SET p_is_charged = p_verdict = 'GRANTED';
    IF p_enforcement = 'SHADOW' AND p_limit_type <> 'RATE' THEN
        SET p_ceiling = NULL;
        SET p_is_charged = p_verdict IN ('GRANTED', 'EXCEEDED') AND p_used <= 9223372036854775807 - p_amount;
    END IF;

    IF p_verdict = 'NOT_EFFECTIVE' THEN
        SET v_wait_until = p_effective_time;
    ELSEIF p_verdict = 'EXCEEDED' AND p_amount <= p_capacity THEN
        IF p_period_end IS NOT NULL THEN
            SET v_wait_until = p_period_end;
        ELSEIF p_limit_type = 'RATE' AND p_refill_per_second > 0 THEN
            SET p_retry_after_ms = CEIL((p_used_count - p_capacity + p_amount) * 1000 / p_refill_per_second)
                                   - v_elapsed DIV 1000;
        END IF;
    END IF;
    IF v_wait_until IS NOT NULL THEN
        CALL find_quota_wait(p_time_zone, p_now, v_wait_until, p_retry_after_ms);
    END IF;
END
