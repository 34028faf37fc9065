CREATE PROCEDURE bench_floor (
    IN  p_tenant_id   VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount      BIGINT,
    IN  p_biz_type    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_success     BOOLEAN
)
    COMMENT 'The smallest honest procedure: one limit, a ledger row, one transaction.'
    MODIFIES SQL DATA
BEGIN
    DECLARE v_quota_id    BIGINT UNSIGNED;
    DECLARE v_hard_limit  BIGINT;
    DECLARE v_used_count  BIGINT;

    START TRANSACTION;
    SELECT quota_id, hard_limit, used_count INTO v_quota_id, v_hard_limit, v_used_count
    FROM tenant_quotas
    WHERE tenant_id = p_tenant_id AND quota_type = p_quota_type AND limit_type = 'MONTHLY'
    FOR UPDATE;
    SET p_success = COALESCE(v_used_count + p_amount <= v_hard_limit, FALSE);
    IF p_success THEN
        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type)
        VALUES
            (v_quota_id, p_tenant_id, 'CONSUME', p_amount, v_used_count + p_amount, p_biz_id, p_biz_type);
        UPDATE tenant_quotas SET used_count = used_count + p_amount WHERE quota_id = v_quota_id;
    END IF;
    COMMIT;
END
