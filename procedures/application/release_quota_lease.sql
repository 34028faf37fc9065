-- release_quota_lease: give a lease's token back.
--
-- Releasing twice, or after the lease has lapsed, frees nobody else's token.
--
--   p_lease_id   from acquire_quota_lease
--
-- Answers  one row, as consume_quota, then lease_id. Status RELEASED; REPLAYED if it was
--          released before; with success 0: EXPIRED, NOT_FOUND
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL release_quota_lease('5b8a7c1e-0000-4000-8000-000000000000');

CREATE PROCEDURE release_quota_lease (
    IN p_lease_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Give a lease''s token back.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_status, v_transaction VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id BIGINT UNSIGNED;
    DECLARE v_used_count BIGINT;
    DECLARE v_expires_at DATETIME(6);

    IF NOT COALESCE(p_lease_id >= '!' AND CHAR_LENGTH(p_lease_id) <= 36, FALSE) THEN
        CALL validate_quota_argument('p_lease_id', p_lease_id, NULL, 36);
    END IF;
    CALL settle_quota_hold('RELEASE', p_lease_id, NULL, NULL,
                           v_quota_id, v_status, v_used_count, v_transaction, v_expires_at);
    SELECT v_status IN ('RELEASED', 'REPLAYED') AS success, v_status AS status, v_quota_id AS quota_id, q.limit_type,
           q.hard_limit, v_used_count AS used_count,
           GREATEST(COALESCE(q.concurrent_tokens, 0) - v_used_count, 0) AS remaining, q.next_reset_time,
           CAST(NULL AS SIGNED) AS retry_after_ms, v_transaction AS `transaction`, p_lease_id AS lease_id
    FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
