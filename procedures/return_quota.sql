-- return_quota: internal: the one place that refunds: every limit that was charged, or none.
--
-- Locks the limits that the tenant has or, through a former parent, may have had, then finds
-- the consumption's ledger rows there. What is left of it on a limit is the sum over its key:
-- what was consumed, less what was given back.
--
--   p_tenant_id .. p_refund_id   as in refund_quota, checked by the caller
--   p_now           UTC; NULL: the clock, read after the locks. Only tests name a time
--   p_success .. p_transaction   the answer's columns (DESIGN, section 3)
--
-- Raises   45002 key_reused, 45003 clock_pinned
-- Source   DESIGN, sections 3 to 5
-- Example  see refund_quota

CREATE PROCEDURE return_quota (
    IN  p_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount           BIGINT,
    IN  p_biz_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_refund_id        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now              DATETIME(6),
    OUT p_success          BOOLEAN,
    OUT p_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_hard_limit       BIGINT,
    OUT p_used_count       BIGINT,
    OUT p_remaining        BIGINT,
    OUT p_next_reset_time  DATETIME,
    OUT p_retry_after_ms   BIGINT,
    OUT p_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: the one place that refunds: every limit that was charged, or none.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_limits            JSON;
    DECLARE v_quotas            JSON;
    DECLARE v_suspended         BOOLEAN;
    DECLARE v_charged_at        DATETIME(6);
    DECLARE v_left              BIGINT;
    DECLARE v_refunded          BIGINT;
    DECLARE v_is_held           BOOLEAN;
    DECLARE v_is_hidden         BOOLEAN DEFAULT FALSE;
    DECLARE v_now               DATETIME(6);
    DECLARE v_quota_id          BIGINT UNSIGNED;
    DECLARE v_time_zone         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_start      DATETIME;
    DECLARE v_product_code      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_reservation_id    CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_origin_tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_lowered           BIGINT;
    DECLARE v_is_done           BOOLEAN DEFAULT FALSE;
    DECLARE v_errno             INT;
    DECLARE c_charged CURSOR FOR
        SELECT r.quota_id, COALESCE(t.time_zone, 'SYSTEM'), r.period_start, r.product_code, r.reservation_id,
               r.origin_tenant_id
        FROM JSON_TABLE(v_quotas, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS l
        STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = l.quota_id
        STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
            ON r.quota_id = l.quota_id AND r.biz_type = p_biz_type AND r.biz_id = p_biz_id
            AND r.operation_type = 'CONSUME' AND r.refund_id = ''
            AND r.origin_tenant_id = IF(q.tenant_id = p_tenant_id, '', p_tenant_id)
        LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
        FOR SHARE OF r;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_done = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(p_transaction, v_errno);
        RESIGNAL;
    END;

    CALL guard_quota_session();
    CALL open_quota_transaction(p_transaction);
    CALL find_quota_limits(p_tenant_id, p_quota_type, 'REFUND', p_transaction, v_limits, v_suspended);
    CALL lock_quota_rows(JSON_EXTRACT(v_limits, '$[*].quota_id'));

    SELECT MIN(r.created_at), JSON_ARRAYAGG(l.quota_id) INTO v_charged_at, v_quotas
    FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS l
    STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = l.quota_id
    STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
        ON r.quota_id = l.quota_id AND r.biz_type = p_biz_type AND r.biz_id = p_biz_id
        AND r.operation_type = 'CONSUME' AND r.refund_id = ''
        AND r.origin_tenant_id = IF(q.tenant_id = p_tenant_id, '', p_tenant_id);
    -- An old snapshot may hide it. Inserting the key and taking it back asks the newest state
    -- without leaving the gap locked that a locking read of a missing key would leave.
    IF v_charged_at IS NULL AND p_transaction = 'JOINED' THEN
        BEGIN
            DECLARE EXIT HANDLER FOR 1062 SET v_is_hidden = TRUE;
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, biz_type, biz_id, origin_tenant_id)
            SELECT quota_id, tenant_id, 'CONSUME', 0, p_biz_type, p_biz_id,
                   IF(tenant_id = p_tenant_id, '', p_tenant_id)
            FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (
                quota_id   BIGINT UNSIGNED PATH '$.quota_id',
                tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.tenant_id')) AS l;
        END;
        ROLLBACK TO SAVEPOINT tenant_quota_work;
    END IF;
    IF v_is_hidden THEN
        SELECT MIN(r.created_at), JSON_ARRAYAGG(l.quota_id) INTO v_charged_at, v_quotas
        FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$.quota_id')) AS l
        STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = l.quota_id
        STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
            ON r.quota_id = l.quota_id AND r.biz_type = p_biz_type AND r.biz_id = p_biz_id
            AND r.operation_type = 'CONSUME' AND r.refund_id = ''
            AND r.origin_tenant_id = IF(q.tenant_id = p_tenant_id, '', p_tenant_id)
        FOR SHARE OF r;
    END IF;

    SET v_now = COALESCE(p_now, UTC_TIMESTAMP(6));

    SELECT MIN(each_limit.left_of_it), MIN(each_limit.refunded), MAX(each_limit.is_held)
    INTO v_left, v_refunded, v_is_held
    FROM (SELECT SUM(r.delta_value) AS left_of_it,
                 MAX(r.reservation_id IS NOT NULL) AND NOT MAX(r.operation_type = 'CONFIRM') AS is_held,
                 SUM(IF(r.operation_type = 'REFUND' AND r.refund_id = p_refund_id, -r.delta_value, NULL)) AS refunded
          FROM JSON_TABLE(v_quotas, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS l
          STRAIGHT_JOIN tenant_quotas AS q ON q.quota_id = l.quota_id
          STRAIGHT_JOIN quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
              ON r.quota_id = l.quota_id AND r.biz_type = p_biz_type AND r.biz_id = p_biz_id
              AND r.origin_tenant_id = IF(q.tenant_id = p_tenant_id, '', p_tenant_id)
          GROUP BY l.quota_id
          FOR SHARE OF r) AS each_limit;

    SET p_success = FALSE;
    IF v_quotas IS NULL OR v_is_held THEN
        SET p_status = 'NOT_FOUND';
    ELSEIF v_refunded IS NOT NULL THEN
        IF p_amount <> v_refunded THEN
            SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT =
                'key_reused: this refund_id was first called with another amount; use one of its own';
        END IF;
        SET p_success = TRUE, p_status = 'REPLAYED';
    ELSEIF COALESCE(p_amount, v_left) > v_left OR v_left = 0 THEN
        SET p_status = 'EXCEEDED';
    ELSE
        SET p_success = TRUE, p_status = 'GRANTED';
        OPEN c_charged;
        each_charged: LOOP
            FETCH c_charged INTO v_quota_id, v_time_zone, v_period_start, v_product_code, v_reservation_id,
                                 v_origin_tenant_id;
            IF v_is_done THEN
                LEAVE each_charged;
            END IF;
            CALL return_quota_units(v_quota_id, v_time_zone, 'REFUND', COALESCE(p_amount, v_left), v_period_start,
                                    v_charged_at, p_biz_type, p_biz_id, v_product_code, p_refund_id,
                                    v_reservation_id, v_origin_tenant_id, v_now, v_lowered);
        END LOOP;
        CLOSE c_charged;
    END IF;

    CALL show_quota_rows(v_quotas, p_quota_id, p_limit_type, p_hard_limit, p_used_count, p_remaining,
                         p_next_reset_time);
    IF p_status = 'EXCEEDED' THEN
        SET p_remaining = v_left;
    END IF;
    CALL close_quota_transaction(p_transaction);
END
