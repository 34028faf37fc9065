-- release_quota_token: give one token back to a tenant's concurrency limit.
--
-- For callers that took it with acquire_quota_token; release_quota_lease gives a lease back. Tokens that leases hold
-- (leased_count) are never given back here, so releasing more often than acquiring makes no room that the limit does
-- not have. An ancestor's token goes back with the tenant's own, and RATE tokens flow back by themselves.
--
--   p_tenant_id, p_quota_type   whose token
--   p_success                   TRUE if one was given back
--
-- Raises   45001 invalid_argument, 45003 clock_pinned, 45000 interrupted
-- Source   scenario 4; docs/design.md, sections 1 and 3
-- Example  CALL release_quota_token('CH_123', 'REDEEM_CODE', @ok);  SELECT @ok;

CREATE PROCEDURE release_quota_token (
    IN  p_tenant_id   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_success     BOOLEAN
)
    COMMENT 'Give one token back to a tenant''s concurrency limit.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction, v_level_id, v_above_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id BIGINT UNSIGNED;  -- NULL: this level has no limit
    DECLARE v_slots BIGINT;              -- 0: the row has lent all that is out
    DECLARE v_is_given BOOLEAN;
    DECLARE v_depth INT DEFAULT 0;  -- 1: the tenant's own level
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    IF NOT COALESCE(p_tenant_id >= '!' AND CHAR_LENGTH(p_tenant_id) <= 64
                    AND p_quota_type >= '!' AND CHAR_LENGTH(p_quota_type) <= 32, FALSE) THEN
        CALL validate_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
        CALL validate_quota_argument('p_quota_type', p_quota_type, NULL, 32);
    END IF;
    CALL open_quota_transaction(v_transaction);

    SET p_success = FALSE, v_above_id = p_tenant_id;
    WHILE v_above_id IS NOT NULL DO
        SET v_level_id = v_above_id, v_depth = v_depth + 1;
        SELECT MIN(parent_tenant_id) INTO v_above_id FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
        SELECT MIN(quota_id), MIN(IF(sliced_count > 0, slot_count, 0)), 0 INTO v_quota_id, v_slots, v_is_given
        FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
        WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND limit_type = 'CONCURRENT';
        IF v_slots > 0 THEN  -- back to this connection's slot, if that has lent one; asked first, a lock would stay
            SELECT COUNT(*) INTO v_is_given FROM quota_slots
            WHERE quota_id = v_quota_id AND slot_number = CONNECTION_ID() MOD v_slots AND lent > 0;
        END IF;
        IF v_is_given THEN
            SELECT COUNT(*) INTO v_is_given FROM quota_slots
            WHERE quota_id = v_quota_id AND slot_number = CONNECTION_ID() MOD v_slots AND lent > 0
            FOR UPDATE SKIP LOCKED;
            UPDATE quota_slots SET remaining = remaining + 1, lent = lent - 1, returned = returned + 1
            WHERE v_is_given AND quota_id = v_quota_id AND slot_number = CONNECTION_ID() MOD v_slots;
        END IF;
        WHILE NOT v_is_given AND v_slots IS NOT NULL DO
            UPDATE tenant_quotas FORCE INDEX (tenant_quotas_natural)
            SET used_count = used_count - 1, earlier_count = earlier_count + 1, next_alert_count = IF(
                used_count < soft_limit, LEAST(soft_limit, COALESCE(next_alert_count, soft_limit)), next_alert_count)
            WHERE tenant_id = v_level_id AND quota_type = p_quota_type AND limit_type = 'CONCURRENT'
              AND used_count > leased_count + sliced_count;
            SET v_is_given = ROW_COUNT() > 0, v_slots = NULLIF(v_slots, 0);
            IF NOT v_is_given AND v_slots > 0 THEN  -- others' slots have lent what is out
                CALL collect_quota_slots(v_quota_id, NULL, TRUE, v_slots);
                SET v_slots = 0;
            END IF;
        END WHILE;
        SET p_success = p_success OR v_is_given;
        IF v_depth = 1 AND v_quota_id IS NOT NULL AND NOT v_is_given THEN  -- it gives back only what it has lent
            SET v_above_id = NULL;
        END IF;
        IF v_depth > 100 THEN
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                'invalid_argument: the tenant''s ancestors run in a circle; mend tenants.parent_tenant_id';
        END IF;
    END WHILE;

    CALL keep_quota_transaction(v_transaction);
END
