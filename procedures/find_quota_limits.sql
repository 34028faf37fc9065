-- find_quota_limits: internal: which limits a call touches: the tenant's own and its ancestors'.
--
-- Locks no quota: the caller does, in the order of quota_id. Its index is forced, here and
-- where rows are locked: on a young table the server may prefer to scan, and lock, them all. One step per ancestor,
-- however many limits each has. A tenant without a row of its own is active, lives in
-- the server's zone and has no parent. An ancestor that is suspended suspends all below.
--
--   p_tenant_id, p_quota_type   whose limits of what
--   p_operation    CONSUME: counted and RATE limits; ACQUIRE: CONCURRENT and RATE limits;
--                  RESERVE: counted limits; LEASE: CONCURRENT limits
--   p_transaction  JOINED: read the newest rows under a shared lock, because the caller's
--                  snapshot may be old; else a plain read does, being the first of its own
--   p_limits       JSON array of {quota_id, tenant_id, quota_type, time_zone}; empty where nothing
--                  is defined
--   p_suspended    TRUE if the tenant or an ancestor is suspended
--
-- Raises   45001 invalid_argument where the ancestors run in a circle
-- Source   DESIGN, sections 2, 3 and 5
-- Example  CALL find_quota_limits('CH_123', 'REDEEM_CODE', 'CONSUME', 'OWN', v_limits, v_suspended);

CREATE PROCEDURE find_quota_limits (
    IN  p_tenant_id    VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type   VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_operation    VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_transaction  VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_limits       JSON,
    OUT p_suspended    BOOLEAN
)
    COMMENT 'internal: which limits a call touches: the tenant''s own and its ancestors''.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_parent_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_status     VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limits     JSON;
    DECLARE v_steps      INT DEFAULT 0;
    DECLARE v_kinds      VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                         DEFAULT CASE p_operation
                             WHEN 'ACQUIRE' THEN 'CONCURRENT,RATE'
                             WHEN 'LEASE' THEN 'CONCURRENT'
                             WHEN 'RESERVE' THEN 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL'
                             ELSE 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL,RATE'
                         END;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SET p_limits = JSON_ARRAY();
    SET p_suspended = FALSE;

    WHILE v_tenant_id IS NOT NULL DO
        SET v_parent_id = NULL, v_time_zone = 'SYSTEM', v_status = 'ACTIVE', v_limits = NULL;

        IF p_transaction = 'JOINED' THEN
            SELECT parent_tenant_id, time_zone, status INTO v_parent_id, v_time_zone, v_status
            FROM tenants
            WHERE tenant_id = v_tenant_id
            FOR SHARE;
            SELECT JSON_ARRAYAGG(JSON_OBJECT(
                    'quota_id', quota_id, 'tenant_id', tenant_id, 'quota_type', quota_type, 'time_zone', v_time_zone))
            INTO v_limits
            FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
            WHERE tenant_id = v_tenant_id AND quota_type = p_quota_type
              AND FIND_IN_SET(limit_type, v_kinds)
            FOR SHARE;
        ELSE
            SELECT parent_tenant_id, time_zone, status INTO v_parent_id, v_time_zone, v_status
            FROM tenants
            WHERE tenant_id = v_tenant_id;
            SELECT JSON_ARRAYAGG(JSON_OBJECT(
                    'quota_id', quota_id, 'tenant_id', tenant_id, 'quota_type', quota_type, 'time_zone', v_time_zone))
            INTO v_limits
            FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
            WHERE tenant_id = v_tenant_id AND quota_type = p_quota_type
              AND FIND_IN_SET(limit_type, v_kinds);
        END IF;

        SET p_limits = IF(v_limits IS NULL, p_limits, JSON_MERGE_PRESERVE(p_limits, v_limits));
        SET p_suspended = p_suspended OR v_status = 'SUSPENDED';
        SET v_tenant_id = v_parent_id, v_steps = v_steps + 1;
        IF v_steps > 100 THEN
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                'invalid_argument: the tenant''s ancestors run in a circle; mend tenants.parent_tenant_id';
        END IF;
    END WHILE;
END
