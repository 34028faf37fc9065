-- return_quota: internal: refund a consumption on every limit that it was charged to, or on none.
--
-- Limit by limit, in the order of all locks: lock the quota's row, look for the key in its ledger,
-- sum what is left, write. If a later limit disagrees, the work is undone and begun again. Limits of
-- former parents are looked at too. A caller's transaction first locks all quotas in a round of its
-- own: at REPEATABLE READ the look locks a gap, in which an ancestor's rows may want to go.
--
--   p_tenant_id .. p_refund_id   as in refund_quota, which has checked them
--   p_status, p_left   GRANTED, REPLAYED, EXCEEDED, NOT_FOUND; units that were left to refund
--   p_quota_id .. p_transaction   the limit to show: the tightest that was charged, NULL: none was;
--                   its use, NULL: hidden by slots; OWN or JOINED
--
-- Raises   45002 key_reused; 45000 interrupted; 45001 invalid_argument for an unknown zone
-- Source   DESIGN, sections 3 to 5

CREATE PROCEDURE return_quota (
    IN  p_tenant_id    VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type   VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount       BIGINT,
    IN  p_biz_type     VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id       VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_refund_id    VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_status       VARCHAR(24)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id     BIGINT UNSIGNED,
    OUT p_used_count   BIGINT,
    OUT p_left         BIGINT,
    OUT p_transaction  VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: refund a consumption on every limit that it was charged to, or on none.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_round, v_visits, v_written INT;  -- 0: lock, 1: refund; tenants visited; limits written
    DECLARE v_tenant_id, v_origin_id, v_above_id, v_time_zone, v_product_code
            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limit_type, v_last_type VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id        BIGINT UNSIGNED;  -- NULL: this limit was not charged
    DECLARE v_reservation_id  CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_start, v_charged_at DATETIME(6);
    DECLARE v_is_confirmed    BOOLEAN;
    DECLARE v_amount          BIGINT DEFAULT p_amount;
    DECLARE v_refunded, v_used_count BIGINT;
    DECLARE v_room, v_tightness DECIMAL(22);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL end_quota_transaction(p_transaction, FALSE);
        RESIGNAL;
    END;

    CALL open_quota_transaction(p_transaction);
    SET v_round = (p_transaction = 'OWN');
    each_try: WHILE v_round < 2 DO
        SET v_visits = 0, v_tenant_id = p_tenant_id, v_origin_id = '', v_written = 0, v_tightness = NULL;
        WHILE v_tenant_id IS NOT NULL DO
            SELECT MIN(parent_tenant_id), COALESCE(NULLIF(MIN(time_zone), 'SYSTEM'), @@GLOBAL.time_zone)
            INTO v_above_id, v_time_zone
            FROM tenants WHERE tenant_id = v_tenant_id FOR SHARE;
            SELECT COALESCE(MIN(former_parent_id), v_above_id) INTO v_above_id
            FROM tenant_definition_changes FORCE INDEX (PRIMARY)
            WHERE tenant_id = v_tenant_id AND former_parent_id IS NOT NULL FOR SHARE;
            IF p_transaction = 'OWN' THEN
                SELECT MIN(limit_type), MAX(limit_type) INTO v_limit_type, v_last_type
                FROM tenant_quotas WHERE tenant_id = v_tenant_id AND quota_type = p_quota_type;
            ELSE  -- the newest rows; CONCAT: else MIN is read from the index, and locks beyond the tenant's rows
                SELECT MIN(CONCAT(limit_type)), MAX(CONCAT(limit_type)) INTO v_limit_type, v_last_type
                FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                WHERE tenant_id = v_tenant_id AND quota_type = p_quota_type FOR UPDATE;
            END IF;

            WHILE v_round = 1 AND v_limit_type IS NOT NULL DO
                SELECT c.quota_id, c.product_code, c.reservation_id, c.period_start, c.created_at,
                       q.hard_limit + IF(q.enforcement = 'SHADOW', 1e19, 0)
                INTO v_quota_id, v_product_code, v_reservation_id, v_period_start, v_charged_at, v_room
                FROM tenant_quotas AS q
                LEFT JOIN quota_usage_records AS c
                    ON c.quota_id = q.quota_id AND c.biz_type = p_biz_type AND c.biz_id = p_biz_id
                    AND c.operation_type = 'CONSUME' AND c.refund_id = '' AND c.origin_tenant_id = v_origin_id
                WHERE q.tenant_id = v_tenant_id AND q.quota_type = p_quota_type AND q.limit_type = v_limit_type
                FOR UPDATE OF q FOR SHARE OF c;

                IF v_quota_id IS NOT NULL AND p_status IS NULL THEN
                    SELECT SUM(delta_value), MAX(operation_type = 'CONFIRM'),
                           SUM(IF(operation_type = 'REFUND' AND refund_id = p_refund_id, -delta_value, NULL))
                    INTO p_left, v_is_confirmed, v_refunded
                    FROM quota_usage_records FORCE INDEX (quota_usage_records_biz_key)
                    WHERE quota_id = v_quota_id AND biz_type = p_biz_type AND biz_id = p_biz_id
                      AND origin_tenant_id = v_origin_id FOR SHARE;
                    SET v_amount = COALESCE(v_amount, p_left),
                        p_status = CASE WHEN v_reservation_id IS NOT NULL AND NOT v_is_confirmed THEN 'NOT_FOUND'
                                        WHEN v_refunded IS NOT NULL THEN 'REPLAYED'
                                        WHEN p_left = 0 OR p_amount > p_left THEN 'EXCEEDED' END;
                    IF p_status = 'REPLAYED' AND p_amount <> v_refunded THEN
                        SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT =
                            'key_reused: this refund_id was first called with another amount; use one of its own';
                    ELSEIF v_written > 0 AND (p_status IS NOT NULL OR v_amount > p_left) THEN
                        CALL end_quota_transaction(p_transaction, FALSE);
                        CALL open_quota_transaction(p_transaction);
                        SET v_amount = LEAST(v_amount, p_left), v_round = (p_transaction = 'OWN');
                        ITERATE each_try;
                    END IF;
                END IF;
                IF v_quota_id IS NOT NULL THEN
                    CALL lower_quota_use(IF(p_status IS NULL, 'REFUND', NULL), v_quota_id,
                                         IF(p_status IS NULL, v_amount, 0), v_time_zone, v_period_start, v_charged_at,
                                         p_biz_type, p_biz_id, v_product_code, v_reservation_id, p_refund_id,
                                         v_origin_id, v_used_count);
                    SET v_written = v_written + (p_status IS NULL);
                    IF COALESCE(COALESCE(v_room - v_used_count, -1) < v_tightness, TRUE) THEN
                        SET p_quota_id = v_quota_id, p_used_count = v_used_count,
                            v_tightness = COALESCE(v_room - v_used_count, -1);
                    END IF;
                END IF;
                SELECT MIN(limit_type) INTO v_limit_type
                FROM tenant_quotas
                WHERE v_limit_type < v_last_type AND tenant_id = v_tenant_id AND quota_type = p_quota_type
                  AND limit_type > v_limit_type FOR UPDATE;
            END WHILE;

            SET v_visits = v_visits + 1, v_origin_id = p_tenant_id, v_tenant_id = NULL;
            IF v_above_id IS NOT NULL OR v_visits > 1 THEN
                -- The next of: the tenant, its parent and former parents, theirs, and so on, each once.
                WITH RECURSIVE up (tenant_id) AS (
                    SELECT p_tenant_id
                    UNION (SELECT t.parent_tenant_id
                           FROM up STRAIGHT_JOIN tenants AS t FORCE INDEX (PRIMARY) ON t.tenant_id = up.tenant_id
                           WHERE t.parent_tenant_id IS NOT NULL FOR SHARE OF t)
                    UNION (SELECT c.former_parent_id
                           FROM up STRAIGHT_JOIN tenant_definition_changes AS c FORCE INDEX (PRIMARY)
                               ON c.tenant_id = up.tenant_id
                           WHERE c.former_parent_id IS NOT NULL FOR SHARE OF c))
                SELECT tenant_id INTO v_tenant_id FROM up LIMIT v_visits, 1;
            END IF;
        END WHILE;
        SET v_round = v_round + 1;
    END WHILE;

    SET p_status = COALESCE(p_status, IF(v_written > 0, 'GRANTED', 'NOT_FOUND'));
    IF p_status = 'NOT_FOUND' THEN  -- lets go of the locks, if the caller's transaction began with this call
        CALL end_quota_transaction(p_transaction, FALSE);
    ELSE
        CALL end_quota_transaction(p_transaction, TRUE);
    END IF;
END
