-- show_quota_limit: internal: keep, of several limits, the one that an answer shows.
--
-- Called for each limit of a call in turn. Of several denials the one that lasts longest
-- is shown, so that retry_after_ms holds for all; of several grants the tightest:
-- enforced before shadow, and counted before RATE, whose figures no ledger row keeps for
-- a replay. A SHADOW limit's denial is none.
--
--   p_this_quota_id .. p_this_retry_after_ms   this limit, with its use after the call
--   p_shown_rank   NULL at first
--   p_success, p_status   TRUE and GRANTED at first; FALSE to begin with (no quota,
--                  suspended) shows no limit
--   p_quota_id .. p_retry_after_ms   the answer so far
--
-- Raises   nothing
-- Source   DESIGN, section 3
-- Example  see charge_quota

CREATE PROCEDURE show_quota_limit (
    IN    p_this_quota_id        BIGINT UNSIGNED,
    IN    p_this_limit_type      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_this_hard_limit      BIGINT,
    IN    p_this_enforcement     VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_this_verdict         VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_this_capacity        BIGINT,
    IN    p_this_used            BIGINT,
    IN    p_this_period_end      DATETIME,
    IN    p_this_retry_after_ms  BIGINT,
    INOUT p_shown_rank           INT,
    INOUT p_success              BOOLEAN,
    INOUT p_status               VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_quota_id             BIGINT UNSIGNED,
    INOUT p_limit_type           VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_hard_limit           BIGINT,
    INOUT p_used_count           BIGINT,
    INOUT p_remaining            BIGINT,
    INOUT p_next_reset_time      DATETIME,
    INOUT p_retry_after_ms       BIGINT
)
    COMMENT 'internal: keep, of several limits, the one that an answer shows.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_is_shown  BOOLEAN DEFAULT FALSE;
    DECLARE v_rank      INT;

    IF p_status NOT IN ('SUSPENDED', 'NO_QUOTA') THEN
        IF p_this_verdict <> 'GRANTED' AND p_this_enforcement = 'ENFORCE' THEN
            SET v_is_shown = p_success
                             OR (p_this_retry_after_ms IS NULL AND p_retry_after_ms IS NOT NULL)
                             OR COALESCE(p_this_retry_after_ms > p_retry_after_ms, FALSE);
            SET p_success = FALSE;
            SET p_status = IF(v_is_shown, p_this_verdict, p_status);
            SET p_retry_after_ms = IF(v_is_shown, p_this_retry_after_ms, p_retry_after_ms);
        ELSEIF p_success THEN
            SET v_rank = IF(p_this_enforcement = 'ENFORCE', 0, 2) + (p_this_limit_type = 'RATE');
            SET v_is_shown = p_shown_rank IS NULL OR v_rank < p_shown_rank
                             OR (v_rank = p_shown_rank AND p_this_capacity - p_this_used < p_remaining);
            SET p_shown_rank = IF(v_is_shown, v_rank, p_shown_rank);
        END IF;
    END IF;

    IF v_is_shown THEN
        SET p_quota_id = p_this_quota_id, p_limit_type = p_this_limit_type, p_hard_limit = p_this_hard_limit,
            p_used_count = p_this_used, p_remaining = GREATEST(p_this_capacity - p_this_used, 0),
            p_next_reset_time = p_this_period_end;
    END IF;
END
