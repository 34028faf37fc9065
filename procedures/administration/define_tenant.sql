-- define_tenant: create a tenant, or change what it is.
--
-- The same again changes nothing. Suspend a tenant with UPDATE tenants SET status = 'SUSPENDED'. Change parent and zone
-- by this procedure only: refunds find in tenant_definition_changes which parents a consumption was charged to, and
-- reset_time moves with the zone. The end of a period stays as the wall clock shows it.
--
--   p_tenant_id, p_tenant_name   its identifier; its name, for people
--   p_time_zone   whose wall clock its periods follow: a named zone, an offset (+08:00), or SYSTEM (NULL too)
--   p_parent_tenant_id   this tenant and its ancestors are charged too for what it consumes; NULL: none
--
-- Answers  one row: success, status (CREATED, CHANGED, UNCHANGED), tenant_id, tenant_name, time_zone,
--          parent_tenant_id, transaction
-- Raises   45001 invalid_argument: blank, an unknown zone, an unknown parent, a circle
-- Source   docs/design.md, sections 2 and 3
-- Example  CALL define_tenant('CH_123', 'Channel 123', 'Asia/Shanghai', NULL);

CREATE PROCEDURE define_tenant (
    IN p_tenant_id         VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_tenant_name       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_time_zone         VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_parent_tenant_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Create a tenant, or change what it is.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_time_zone    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                           DEFAULT COALESCE(p_time_zone, 'SYSTEM');
    DECLARE v_transaction, v_message, v_next_id  VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_ancestor_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_parent_tenant_id;
    DECLARE v_is_known     BOOLEAN DEFAULT TRUE;
    DECLARE v_old          JSON;  -- NULL: there was none
    DECLARE v_new          JSON DEFAULT JSON_OBJECT('tenant_name', p_tenant_name, 'time_zone', v_time_zone,
                                                    'parent_tenant_id', p_parent_tenant_id);
    DECLARE v_old_parent, v_old_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_status       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'UNCHANGED';
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_known = FALSE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    CALL validate_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
    CALL validate_quota_argument('p_tenant_name', p_tenant_name, NULL, 128);
    CALL validate_quota_argument('p_time_zone', v_time_zone, NULL, 64);
    IF CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', IF(v_time_zone = 'SYSTEM', @@GLOBAL.time_zone, v_time_zone)) IS NULL THEN
        SET v_message = CONCAT('invalid_argument: unknown time zone ', LEFT(v_time_zone, 32),
                               '; name a known one, or load the time zone tables');
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = v_message;
    END IF;
    CALL validate_quota_argument('p_parent_tenant_id', COALESCE(p_parent_tenant_id, 'none'), NULL, 64);
    CALL open_quota_transaction(v_transaction);

    WHILE v_ancestor_id IS NOT NULL DO
        IF v_ancestor_id = p_tenant_id THEN
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                'invalid_argument: p_parent_tenant_id is the tenant itself or below it; name another parent';
        END IF;
        SELECT parent_tenant_id INTO v_next_id FROM tenants WHERE tenant_id = v_ancestor_id FOR SHARE;
        IF NOT v_is_known THEN
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                'invalid_argument: p_parent_tenant_id or one of its ancestors is no tenant; define it first';
        END IF;
        SET v_ancestor_id = v_next_id;
    END WHILE;

    SELECT parent_tenant_id, time_zone,
           JSON_OBJECT('tenant_name', tenant_name, 'time_zone', time_zone, 'parent_tenant_id', parent_tenant_id)
    INTO v_old_parent, v_old_zone, v_old FROM tenants WHERE tenant_id = p_tenant_id FOR UPDATE;
    IF v_old IS NULL THEN
        SET v_status = 'CREATED', v_old_zone = 'SYSTEM';
        INSERT INTO tenants (tenant_id, tenant_name, time_zone, parent_tenant_id)
        VALUES (p_tenant_id, p_tenant_name, v_time_zone, p_parent_tenant_id);
    ELSEIF v_old <> v_new THEN
        SET v_status = 'CHANGED';
        UPDATE tenants
        SET tenant_name = p_tenant_name, time_zone = v_time_zone, parent_tenant_id = p_parent_tenant_id,
            updated_at = UTC_TIMESTAMP(6) WHERE tenant_id = p_tenant_id;
    END IF;
    IF v_status <> 'UNCHANGED' THEN
        INSERT INTO tenant_definition_changes
            (tenant_id, changed_by, former_parent_id, old_definition, new_definition)
        VALUES (p_tenant_id, USER(), IF(v_old_parent <=> p_parent_tenant_id, NULL, v_old_parent), v_old, v_new);
    END IF;
    IF v_old_zone <> v_time_zone THEN
        UPDATE tenant_quotas FORCE INDEX (tenant_quotas_natural)
        SET reset_time = CONVERT_TZ(reset_time, IF(v_old_zone = 'SYSTEM', @@GLOBAL.time_zone, v_old_zone),
                                    IF(v_time_zone = 'SYSTEM', @@GLOBAL.time_zone, v_time_zone))
        WHERE tenant_id = p_tenant_id AND reset_time IS NOT NULL;
    END IF;
    CALL keep_quota_transaction(v_transaction);

    SELECT TRUE AS success, v_status AS status, p_tenant_id AS tenant_id, p_tenant_name AS tenant_name,
           v_time_zone AS time_zone, p_parent_tenant_id AS parent_tenant_id, v_transaction AS `transaction`;
END
