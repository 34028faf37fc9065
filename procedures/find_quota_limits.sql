-- find_quota_limits: internal: which limits a call touches: the tenant's own and its ancestors'.
--
-- Locks no quota: the caller does, in the order of quota_id. Its index is forced, here and
-- where rows are locked: on a young table the server may prefer to scan, and lock, them all.
-- One step per ancestor, however many limits each has. A tenant without a row of its own is
-- active, lives in the server's zone and has no parent. An ancestor that is suspended
-- suspends all below.
--
--   p_tenant_id, p_quota_type   whose limits of what
--   p_operation    CONSUME: counted and RATE limits; ACQUIRE: CONCURRENT and RATE limits;
--                  RESERVE: counted limits; LEASE: CONCURRENT limits; REFUND: counted limits,
--                  those of former parents and their ancestors included
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
    DECLARE v_waiting    JSON DEFAULT JSON_ARRAY(p_tenant_id);  -- tenants to visit, from v_visits on
    DECLARE v_visited    JSON DEFAULT JSON_ARRAY();
    DECLARE v_visits     INT DEFAULT 0;
    DECLARE v_tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_parent_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_former     JSON;
    DECLARE v_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_status     VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limits     JSON;
    DECLARE v_kinds      VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                         DEFAULT CASE p_operation
                             WHEN 'ACQUIRE' THEN 'CONCURRENT,RATE'
                             WHEN 'LEASE' THEN 'CONCURRENT'
                             WHEN 'CONSUME' THEN 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL,RATE'
                             ELSE 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL'
                         END;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SET p_limits = JSON_ARRAY();
    SET p_suspended = FALSE;

    each_tenant: WHILE v_visits < JSON_LENGTH(v_waiting) DO
        SET v_tenant_id = JSON_UNQUOTE(JSON_EXTRACT(v_waiting, CONCAT('$[', v_visits, ']')));
        SET v_visits = v_visits + 1;
        IF JSON_CONTAINS(v_visited, JSON_QUOTE(v_tenant_id)) THEN
            IF p_operation = 'REFUND' THEN  -- who was above once may be below today
                ITERATE each_tenant;
            END IF;
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                'invalid_argument: the tenant''s ancestors run in a circle; mend tenants.parent_tenant_id';
        END IF;
        SET v_visited = JSON_ARRAY_APPEND(v_visited, '$', v_tenant_id);
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
        IF v_parent_id IS NOT NULL THEN
            SET v_waiting = JSON_ARRAY_APPEND(v_waiting, '$', v_parent_id);
        END IF;
        IF p_operation = 'REFUND' THEN
            SELECT JSON_ARRAYAGG(former_parent_id) INTO v_former
            FROM tenant_definition_changes
            WHERE tenant_id = v_tenant_id AND former_parent_id IS NOT NULL
            FOR SHARE;
            SET v_waiting = IF(v_former IS NULL, v_waiting, JSON_MERGE_PRESERVE(v_waiting, v_former));
        END IF;
    END WHILE;
END
