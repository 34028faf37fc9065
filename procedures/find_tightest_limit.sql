-- find_tightest_limit: internal: the limit that the answer of a grant shows, and its use.
--
-- Of all levels, under the locks of the charge: enforced before SHADOW, counted before RATE, then the
-- one with the least left.
--
--   p_tenant_id, p_quota_type, p_kinds   whose limits, and which types of them
--   p_quota_id, p_used_count   the limit; its use, NULL: hidden by slots
--
-- Source   DESIGN, section 3

CREATE PROCEDURE find_tightest_limit (
    IN  p_tenant_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_kinds       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id    BIGINT UNSIGNED,
    OUT p_used_count  BIGINT
)
    COMMENT 'internal: the limit that the answer of a grant shows, and its use.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_level_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_parent_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_least      DECIMAL(30) DEFAULT 1000000000000000000000;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    WHILE v_level_id IS NOT NULL DO
        SELECT quota_id, IF(slot_count = 0, used, NULL), ranked
        INTO p_quota_id, p_used_count, v_least
        FROM (SELECT quota_id, slot_count, used, (2 * (enforcement = 'SHADOW') + (limit_type = 'RATE'))
                     * 100000000000000000000 + IF(limit_type = 'CONCURRENT', COALESCE(concurrent_tokens, 0), hard_limit)
                     - used AS ranked
              FROM (SELECT q.*, used_count - COALESCE(LEAST(used_count, FLOOR(GREATEST(
                               TIMESTAMPDIFF(MICROSECOND, refilled_at, UTC_TIMESTAMP(6)), 0)
                               * refill_per_second * 0.000001)), 0) AS used
                    FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
                    WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND FIND_IN_SET(limit_type, p_kinds)
                   ) AS here) AS limits
        WHERE ranked < v_least
        ORDER BY ranked, quota_id
        LIMIT 1;
        SET v_parent_id = NULL;
        SELECT parent_tenant_id INTO v_parent_id FROM tenants WHERE tenant_id = v_level_id;
        SET v_level_id = v_parent_id;
    END WHILE;
END
