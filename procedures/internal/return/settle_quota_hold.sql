-- settle_quota_hold: internal: end or renew one reservation or lease, or give back its lapsed units.
--
-- It locks the quotas' rows, then the hold's, and reads the clock under these locks: so if confirm,
-- cancel, release, renew and expiry race, exactly one succeeds, and the others report it. Rows are
-- locked by whole keys: at REPEATABLE READ a range would lock the gap where others' holds go.
--
--   p_operation     CONFIRM, CANCEL (reservations); RELEASE, RENEW (leases); EXPIRE: end one quota's
--                   part of a hold, if it has lapsed, in the caller's transaction
--   p_reservation_id .. p_ttl_seconds   which hold; CONFIRM: units to keep, NULL: all; RENEW: from now
--   p_quota_id      EXPIRE: which part; the caller holds that quota's row. Others: afterwards the
--                   limit to show, the tightest; NULL: there is no such hold
--   p_status        as the public procedures answer; EXPIRE: EXPIRED if this call ended it
--   p_used_count .. p_expires_at   that limit's use, NULL: hidden by slots; NULL for EXPIRE; UTC
--
-- Raises   45001 invalid_argument, 45002 key_reused, as confirm_quota_reservation; 45000 interrupted
-- Source   docs/design.md, sections 3 to 5

CREATE PROCEDURE settle_quota_hold (
    IN    p_operation       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_reservation_id  CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount          BIGINT,
    IN    p_ttl_seconds     INT,
    INOUT p_quota_id        BIGINT UNSIGNED,
    OUT   p_status          VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_used_count      BIGINT,
    OUT   p_transaction     VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_expires_at      DATETIME(6)
)
    COMMENT 'internal: end or renew one reservation or lease, or give back its lapsed units.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_quota_id, v_last_id BIGINT UNSIGNED DEFAULT p_quota_id;
    DECLARE v_found, v_status, v_time_zone, v_biz_type, v_biz_id, v_product_code, v_origin_id
            VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_asked VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT
        ELT(FIELD(p_operation, 'CONFIRM', 'CANCEL', 'RELEASE', 'RENEW', 'EXPIRE'),
            'CONFIRMED', 'CANCELLED', 'RELEASED', 'RENEWED', 'EXPIRED');
    DECLARE v_amount, v_confirmed, v_returned BIGINT;
    DECLARE v_period_start, v_charged_at, v_expires_at DATETIME(6);
    DECLARE v_is_lease BOOLEAN;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(p_transaction);
        RESIGNAL;
    END;

    IF p_operation <> 'EXPIRE' THEN
        CALL open_quota_transaction(p_transaction);
        SELECT MIN(quota_id), MAX(quota_id) INTO v_quota_id, v_last_id
        FROM quota_reservations WHERE reservation_id = p_reservation_id;
        IF v_quota_id IS NULL AND p_transaction = 'JOINED' THEN
            -- The snapshot may hide it: a row shows in it once this transaction has changed it.
            UPDATE quota_reservations FORCE INDEX (PRIMARY)
            SET updated_at = UTC_TIMESTAMP(6) WHERE reservation_id = p_reservation_id;
            SELECT MIN(quota_id), MAX(quota_id) INTO v_quota_id, v_last_id
            FROM quota_reservations WHERE reservation_id = p_reservation_id;
        END IF;
        IF v_quota_id < v_last_id OR p_transaction = 'JOINED' THEN
            -- Which limits a hold is on never changes, so a plain read finds them. All quotas of these types are
            -- locked, by their natural key, as other calls do; then the hold's rows.
            SELECT COUNT(q.used_count) INTO v_returned
            FROM (SELECT DISTINCT tenant_id, quota_type, level_number FROM quota_reservations
                  WHERE reservation_id = p_reservation_id ORDER BY level_number LIMIT 1000000) AS r
            STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
                ON q.tenant_id = r.tenant_id AND q.quota_type = r.quota_type FOR UPDATE OF q;
            SELECT MAX(IF(r.status = 'HELD', NULL, r.status)) INTO v_found
            FROM (SELECT quota_id FROM quota_reservations WHERE reservation_id = p_reservation_id LIMIT 1000000) AS h
            STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
                ON r.reservation_id = p_reservation_id AND r.quota_id = h.quota_id FOR UPDATE OF r;
        END IF;
    END IF;
    SET p_quota_id = v_quota_id, p_status = IF(v_quota_id IS NULL, 'NOT_FOUND', NULL);

    WHILE v_quota_id IS NOT NULL DO
        SELECT r.status, r.kind = 'LEASE', r.amount, r.confirmed_amount, r.period_start, r.created_at, r.expires_at,
               r.biz_type, r.biz_id, r.product_code, r.origin_tenant_id,
               COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone), IF(q.slot_count = 0, q.used_count, NULL)
        INTO v_status, v_is_lease, v_amount, v_confirmed, v_period_start, v_charged_at, v_expires_at,
             v_biz_type, v_biz_id, v_product_code, v_origin_id, v_time_zone, p_used_count
        FROM (SELECT 1) AS one
        LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id
        LEFT JOIN quota_reservations AS r ON r.reservation_id = p_reservation_id AND r.quota_id = v_quota_id
        LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
        FOR UPDATE OF q, r;

        IF p_status IS NULL THEN
            SET v_found = COALESCE(v_found, v_status, 'NOT_FOUND'), p_status = CASE
                WHEN v_is_lease <> (p_operation IN ('RELEASE', 'RENEW')) AND p_operation <> 'EXPIRE' THEN 'NOT_FOUND'
                WHEN v_found = v_asked                 THEN 'REPLAYED'
                WHEN v_found <> 'HELD'                 THEN v_found
                WHEN v_expires_at <= UTC_TIMESTAMP(6)  THEN 'EXPIRED'
                WHEN p_operation = 'EXPIRE'            THEN 'HELD'
                ELSE v_asked END;
            SET p_quota_id = IF(p_status = 'NOT_FOUND', NULL, p_quota_id),
                p_expires_at = CASE p_status WHEN 'RENEWED' THEN UTC_TIMESTAMP(6) + INTERVAL p_ttl_seconds SECOND
                                             WHEN 'NOT_FOUND' THEN NULL ELSE v_expires_at END;
            IF p_status = 'CONFIRMED' AND p_amount > v_amount THEN
                SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                    'invalid_argument: p_amount is more than the reservation holds; reserve the rest anew';
            ELSEIF p_status = 'REPLAYED' AND COALESCE(p_amount, v_amount) <> v_confirmed THEN
                SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT =
                    'key_reused: the reservation was confirmed with another amount; refund what is too much';
            END IF;
        END IF;

        IF v_status = 'HELD' AND p_status NOT IN ('HELD', 'NOT_FOUND') THEN
            SET v_returned = IF(p_status = 'CONFIRMED', v_amount - COALESCE(p_amount, v_amount), v_amount);
            IF p_status <> 'RENEWED' THEN
                CALL lower_quota_use(IF(v_is_lease, 'LEASE', IF(p_status = 'EXPIRED', 'EXPIRE', p_operation)),
                                     v_quota_id, v_returned, v_time_zone, v_period_start, v_charged_at, v_biz_type,
                                     v_biz_id, v_product_code, p_reservation_id, '', v_origin_id, p_used_count);
            END IF;
            UPDATE quota_reservations
            SET status = IF(p_status = 'RENEWED', 'HELD', p_status), expires_at = p_expires_at,
                confirmed_amount = IF(p_status = 'CONFIRMED', amount - v_returned, NULL), updated_at = UTC_TIMESTAMP(6)
            WHERE reservation_id = p_reservation_id AND quota_id = v_quota_id;
        END IF;

        SELECT MIN(quota_id) INTO v_quota_id
        FROM quota_reservations
        WHERE v_quota_id < v_last_id AND reservation_id = p_reservation_id AND quota_id > v_quota_id;
    END WHILE;

    IF p_quota_id < v_last_id THEN
        SELECT q.quota_id, IF(q.slot_count = 0, q.used_count, NULL) INTO p_quota_id, p_used_count
        FROM quota_reservations AS r
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = r.quota_id
        WHERE r.reservation_id = p_reservation_id
        ORDER BY q.enforcement, IF(q.slot_count = 0, IF(v_is_lease, q.concurrent_tokens, q.hard_limit) - q.used_count,
                                   NULL), q.quota_id
        LIMIT 1 FOR SHARE OF q;
    END IF;
    IF p_operation <> 'EXPIRE' THEN
        CALL keep_quota_transaction(p_transaction);
    END IF;
END
