-- show_quota_rows: internal: the tightest of some limits, as it stands, for an answer.
--
-- Reads the rows under the locks that the caller holds. The use of one with slots is not known.
--
--   p_quotas   JSON array of quota_ids, or NULL
--   p_quota_id .. p_next_reset_time   the answer's columns, NULL where there is no limit
--
-- Raises   nothing
-- Source   DESIGN, section 3
-- Example  see settle_quota_hold

CREATE PROCEDURE show_quota_rows (
    IN  p_quotas           JSON,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_hard_limit       BIGINT,
    OUT p_used_count       BIGINT,
    OUT p_remaining        BIGINT,
    OUT p_next_reset_time  DATETIME
)
    COMMENT 'internal: the tightest of some limits, as it stands, for an answer.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT q.quota_id, q.limit_type, q.hard_limit, IF(q.slot_count = 0, q.used_count, NULL),
           GREATEST(IF(q.limit_type = 'CONCURRENT', COALESCE(q.concurrent_tokens, 0), q.hard_limit)
                    - IF(q.slot_count = 0, q.used_count, NULL), 0),
           q.next_reset_time
    INTO p_quota_id, p_limit_type, p_hard_limit, p_used_count, p_remaining, p_next_reset_time
    FROM JSON_TABLE(p_quotas, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS l
    STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
    ORDER BY q.enforcement, 5, q.quota_id
    LIMIT 1
    FOR SHARE OF q;
END
