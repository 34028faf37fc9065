-- settle_quota_hold: internal: end or renew one reservation or lease, and answer for the public call.
--
-- It locks the quotas, then the hold, and reads zone and clock under these locks: if confirm, cancel and expiry race,
-- exactly one succeeds. By whole keys: a range would lock the gap where others' holds go. It shows the tightest limit.
--
--   p_operation   CONFIRM, CANCEL (reservations); RELEASE, RENEW (leases)
--   p_hold_id     which hold, checked here
--   p_amount      CONFIRM: units to keep, NULL: all
--   p_ttl_seconds   RENEW: seconds from now
--
-- Raises   45001 invalid_argument, 45002 key_reused, as confirm_quota_reservation; 45000 interrupted
-- Source   docs/design.md, sections 3 to 5

CREATE PROCEDURE settle_quota_hold (
    IN p_operation    VARCHAR(16)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_hold_id      VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_amount       BIGINT,
    IN p_ttl_seconds  INT
)
    COMMENT 'internal: end or renew one reservation or lease, and answer for the public call.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_quota_id, v_last_id, v_shown_id BIGINT UNSIGNED;
    DECLARE v_answer, v_transaction, v_found, v_status, v_time_zone, v_biz_type, v_biz_id, v_product_code, v_origin_id
            VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_asked VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT
        ELT(FIELD(p_operation, 'CONFIRM', 'CANCEL', 'RELEASE', 'RENEW'),
            'CONFIRMED', 'CANCELLED', 'RELEASED', 'RENEWED');
    DECLARE v_amount, v_confirmed, v_returned, v_used_count BIGINT;
    DECLARE v_period_start, v_charged_at, v_expires_at, v_until DATETIME(6);  -- until: as answered
    DECLARE v_is_lease BOOLEAN;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    IF NOT COALESCE(p_hold_id >= '!' AND CHAR_LENGTH(p_hold_id) <= 36, FALSE) THEN
        CALL validate_quota_argument(IF(p_operation IN ('RELEASE', 'RENEW'), 'p_lease_id', 'p_reservation_id'),
                                     p_hold_id, NULL, 36);
    END IF;
    CALL open_quota_transaction(v_transaction);
    SELECT MIN(quota_id), MAX(quota_id) INTO v_quota_id, v_last_id
    FROM quota_reservations WHERE reservation_id = p_hold_id;
    IF v_quota_id IS NULL AND v_transaction = 'JOINED' THEN
        -- The snapshot may hide it: a row shows in it once this transaction has changed it.
        UPDATE quota_reservations FORCE INDEX (PRIMARY)
        SET updated_at = UTC_TIMESTAMP(6) WHERE reservation_id = p_hold_id;
        SELECT MIN(quota_id), MAX(quota_id) INTO v_quota_id, v_last_id
        FROM quota_reservations WHERE reservation_id = p_hold_id;
    END IF;
    IF v_quota_id < v_last_id OR v_transaction = 'JOINED' THEN
        -- Which limits a hold is on never changes, so a plain read finds them. All quotas of these types are locked,
        -- by their natural key, as other calls do; before them in a caller's the tenant; then the hold's rows.
        SELECT COUNT(q.used_count) INTO v_returned
        FROM (SELECT DISTINCT tenant_id, quota_type, level_number FROM quota_reservations
              WHERE reservation_id = p_hold_id ORDER BY level_number LIMIT 1000000) AS r
        LEFT JOIN tenants AS t ON t.tenant_id = r.tenant_id AND v_transaction = 'JOINED'
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
            ON q.tenant_id = r.tenant_id AND q.quota_type = r.quota_type FOR SHARE OF t FOR UPDATE OF q;
        SELECT MAX(IF(r.status = 'HELD', NULL, r.status)) INTO v_found
        FROM (SELECT quota_id FROM quota_reservations WHERE reservation_id = p_hold_id LIMIT 1000000) AS h
        STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
            ON r.reservation_id = p_hold_id AND r.quota_id = h.quota_id FOR UPDATE OF r;
    ELSE  -- before its tenant's zone is read
        SELECT COUNT(*) INTO v_returned FROM tenant_quotas WHERE quota_id = v_quota_id FOR UPDATE;
    END IF;
    SET v_shown_id = v_quota_id, v_answer = IF(v_quota_id IS NULL, 'NOT_FOUND', NULL);

    WHILE v_quota_id IS NOT NULL DO
        SELECT r.status, r.kind = 'LEASE', r.amount, r.confirmed_amount, r.period_start, r.created_at, r.expires_at,
               r.biz_type, r.biz_id, r.product_code, r.origin_tenant_id,
               COALESCE(NULLIF(COALESCE(
                   (SELECT time_zone FROM tenants WHERE tenant_id = q.tenant_id AND v_transaction <> 'OWN' FOR SHARE),
                   (SELECT time_zone FROM tenants WHERE tenant_id = q.tenant_id)
               ), 'SYSTEM'), @@GLOBAL.time_zone), IF(q.slot_count = 0, q.used_count, NULL)
        INTO v_status, v_is_lease, v_amount, v_confirmed, v_period_start, v_charged_at, v_expires_at,
             v_biz_type, v_biz_id, v_product_code, v_origin_id, v_time_zone, v_used_count
        FROM (SELECT 1) AS one
        LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id
        LEFT JOIN quota_reservations AS r ON r.reservation_id = p_hold_id AND r.quota_id = v_quota_id
        FOR UPDATE OF q, r;

        IF v_answer IS NULL THEN
            SET v_found = COALESCE(v_found, v_status, 'NOT_FOUND'), v_answer = CASE
                WHEN v_is_lease <> (p_operation IN ('RELEASE', 'RENEW')) THEN 'NOT_FOUND'
                WHEN v_found = v_asked                 THEN 'REPLAYED'
                WHEN v_found <> 'HELD'                 THEN v_found
                WHEN v_expires_at <= UTC_TIMESTAMP(6)  THEN 'EXPIRED'
                ELSE v_asked END;
            SET v_shown_id = IF(v_answer = 'NOT_FOUND', NULL, v_shown_id),
                v_until = CASE v_answer WHEN 'RENEWED' THEN UTC_TIMESTAMP(6) + INTERVAL p_ttl_seconds SECOND
                                        WHEN 'NOT_FOUND' THEN NULL ELSE v_expires_at END;
            IF v_answer = 'CONFIRMED' AND p_amount > v_amount THEN
                SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                    'invalid_argument: p_amount is more than the reservation holds; reserve the rest anew';
            ELSEIF v_answer = 'REPLAYED' AND COALESCE(p_amount, v_amount) <> v_confirmed THEN
                SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT =
                    'key_reused: the reservation was confirmed with another amount; refund what is too much';
            END IF;
        END IF;

        IF v_status = 'HELD' AND v_answer <> 'NOT_FOUND' THEN
            SET v_returned = IF(v_answer = 'CONFIRMED', v_amount - COALESCE(p_amount, v_amount), v_amount);
            IF v_answer <> 'RENEWED' THEN
                CALL lower_quota_use(IF(v_is_lease, 'LEASE', IF(v_answer = 'EXPIRED', 'EXPIRE', p_operation)),
                                     v_quota_id, v_returned, v_time_zone, v_period_start, v_charged_at, v_biz_type,
                                     v_biz_id, v_product_code, p_hold_id, '', v_origin_id, v_used_count);
            END IF;
            UPDATE quota_reservations
            SET status = IF(v_answer = 'RENEWED', 'HELD', v_answer), expires_at = v_until,
                confirmed_amount = IF(v_answer = 'CONFIRMED', amount - v_returned, NULL), updated_at = UTC_TIMESTAMP(6)
            WHERE reservation_id = p_hold_id AND quota_id = v_quota_id;
        END IF;

        SELECT MIN(quota_id) INTO v_quota_id
        FROM quota_reservations
        WHERE v_quota_id < v_last_id AND reservation_id = p_hold_id AND quota_id > v_quota_id;
    END WHILE;

    IF v_shown_id < v_last_id THEN
        SELECT q.quota_id, IF(q.slot_count = 0, q.used_count, NULL) INTO v_shown_id, v_used_count
        FROM quota_reservations AS r
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = r.quota_id
        WHERE r.reservation_id = p_hold_id
        ORDER BY q.enforcement, IF(q.slot_count = 0, IF(v_is_lease, q.concurrent_tokens, q.hard_limit) - q.used_count,
                                   NULL), q.quota_id
        LIMIT 1 FOR SHARE OF q;
    END IF;
    CALL keep_quota_transaction(v_transaction);

    IF p_operation IN ('CONFIRM', 'CANCEL') THEN
        SELECT v_answer IN (v_asked, 'REPLAYED') AS success, v_answer AS status, v_shown_id AS quota_id, q.limit_type,
               q.hard_limit, v_used_count AS used_count, GREATEST(q.hard_limit - v_used_count, 0) AS remaining,
               q.next_reset_time, CAST(NULL AS SIGNED) AS retry_after_ms, v_transaction AS `transaction`,
               p_hold_id AS reservation_id
        FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_shown_id;
    ELSE
        SELECT v_answer IN (v_asked, 'REPLAYED') AS success, v_answer AS status, v_shown_id AS quota_id, q.limit_type,
               q.hard_limit, v_used_count AS used_count,
               GREATEST(COALESCE(q.concurrent_tokens, 0) - v_used_count, 0) AS remaining, q.next_reset_time,
               CAST(NULL AS SIGNED) AS retry_after_ms, v_transaction AS `transaction`, p_hold_id AS lease_id,
               h.expires_at,
               GREATEST(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), h.expires_at) DIV 1000, 0) AS expires_in_ms
        FROM (SELECT IF(v_answer IN ('RENEWED', 'EXPIRED'), v_until, NULL) AS expires_at) AS h
        LEFT JOIN tenant_quotas AS q ON q.quota_id = v_shown_id;
    END IF;
END
