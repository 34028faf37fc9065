-- settle_quota_hold: internal: confirm, cancel, release or renew one reservation or lease.
--
-- Locks the quotas' rows by quota_id first, then the hold's rows: so of all who come to
-- settle it, expiring included, one wins and the others are told. The clock is read under
-- the locks. A hold that has lapsed is given back here and answered EXPIRED.
--
--   p_operation       CONFIRM, CANCEL (reservations); RELEASE, RENEW (leases)
--   p_reservation_id  which
--   p_amount          CONFIRM: units to keep; NULL: all
--   p_ttl_seconds     RENEW: from now
--   p_now             UTC; NULL: the clock. Only tests name a time
--   p_success .. p_expires_at   the answer's columns; the limit shown is the tightest
--
-- Raises   45001 invalid_argument for more than is held, 45002 key_reused for another
--          amount than was confirmed, 45003 clock_pinned
-- Source   DESIGN, sections 3 and 5
-- Example  see confirm_quota_reservation

CREATE PROCEDURE settle_quota_hold (
    IN  p_operation        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_reservation_id   CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount           BIGINT,
    IN  p_ttl_seconds      INT,
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
    OUT p_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_expires_at       DATETIME(6)
)
    COMMENT 'internal: confirm, cancel, release or renew one reservation or lease.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_kind              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                                DEFAULT IF(p_operation IN ('RELEASE', 'RENEW'), 'LEASE', 'RESERVATION');
    DECLARE v_done_as           VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
                                DEFAULT CASE p_operation WHEN 'CONFIRM' THEN 'CONFIRMED' WHEN 'CANCEL' THEN 'CANCELLED'
                                                         WHEN 'RELEASE' THEN 'RELEASED' END;
    DECLARE v_act               VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quotas            JSON;
    DECLARE v_now               DATETIME(6);
    DECLARE v_found             VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_held              BIGINT;
    DECLARE v_confirmed         BIGINT;
    DECLARE v_lowered           BIGINT;
    DECLARE v_quota_id          BIGINT UNSIGNED;
    DECLARE v_time_zone         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_status            VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_amount            BIGINT;
    DECLARE v_period_start      DATETIME;
    DECLARE v_created_at        DATETIME(6);
    DECLARE v_biz_type          VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_biz_id            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_product_code      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_origin_tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_done           BOOLEAN DEFAULT FALSE;
    DECLARE v_errno             INT;
    DECLARE c_rows CURSOR FOR
        SELECT r.quota_id, COALESCE(t.time_zone, 'SYSTEM'), r.status, r.amount, r.period_start, r.created_at,
               r.biz_type, r.biz_id, r.product_code, r.origin_tenant_id
        FROM JSON_TABLE(v_quotas, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS l
        STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
            ON r.reservation_id = p_reservation_id AND r.quota_id = l.quota_id
        LEFT JOIN tenants AS t ON t.tenant_id = r.tenant_id
        ORDER BY r.quota_id
        FOR UPDATE OF r;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_done = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(p_transaction, v_errno);
        RESIGNAL;
    END;

    CALL guard_quota_session();
    CALL open_quota_transaction(p_transaction);
    CALL lock_quota_hold(p_reservation_id, v_kind, p_transaction, v_quotas, v_found, v_held, v_confirmed, p_expires_at);
    SET v_now = COALESCE(p_now, UTC_TIMESTAMP(6));

    IF v_found IS NULL THEN
        SET p_success = FALSE, p_status = 'NOT_FOUND';
    ELSEIF v_found = 'HELD' AND p_expires_at > v_now THEN
        SET p_success = TRUE, v_act = p_operation, p_status = COALESCE(v_done_as, 'RENEWED');
    ELSEIF v_found IN ('HELD', 'EXPIRED') THEN
        SET p_success = FALSE, v_act = 'EXPIRE', p_status = 'EXPIRED';
    ELSE
        SET p_success = v_found <=> v_done_as, p_status = IF(p_success, 'REPLAYED', v_found);
    END IF;
    IF v_act = 'CONFIRM' AND p_amount > v_held THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: p_amount is more than the reservation holds; reserve the rest anew';
    ELSEIF p_operation = 'CONFIRM' AND p_status = 'REPLAYED' AND COALESCE(p_amount, v_held) <> v_confirmed THEN
        SIGNAL SQLSTATE '45002' SET MESSAGE_TEXT =
            'key_reused: the reservation was confirmed with another amount; refund what is too much';
    END IF;

    IF v_act = 'RENEW' THEN
        SET p_expires_at = v_now + INTERVAL p_ttl_seconds SECOND;
        UPDATE JSON_TABLE(v_quotas, '$[*]' COLUMNS (quota_id BIGINT UNSIGNED PATH '$')) AS l
        STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
            ON r.reservation_id = p_reservation_id AND r.quota_id = l.quota_id
        SET r.expires_at = p_expires_at, r.updated_at = v_now;
    ELSEIF v_act IS NOT NULL THEN
        OPEN c_rows;
        each_row: LOOP
            FETCH c_rows INTO v_quota_id, v_time_zone, v_status, v_amount, v_period_start, v_created_at, v_biz_type,
                              v_biz_id, v_product_code, v_origin_tenant_id;
            IF v_is_done THEN
                LEAVE each_row;
            END IF;
            IF v_status = 'HELD' THEN
                CALL return_quota_hold(v_act, p_reservation_id, v_quota_id, v_kind, v_time_zone,
                                       IF(v_act = 'CONFIRM', v_amount - COALESCE(p_amount, v_amount), v_amount),
                                       v_period_start, v_created_at, v_biz_type, v_biz_id, v_product_code,
                                       v_origin_tenant_id, v_now, v_lowered);
            END IF;
        END LOOP;
        CLOSE c_rows;
    END IF;

    CALL show_quota_rows(v_quotas, p_quota_id, p_limit_type, p_hard_limit, p_used_count, p_remaining,
                         p_next_reset_time);
    CALL close_quota_transaction(p_transaction);
END
