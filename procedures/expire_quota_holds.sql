-- expire_quota_holds: internal: give back what lapsed reservations and leases hold of one quota.
--
-- Under the quota's row lock, which the caller holds: whoever settles a hold does so under
-- it, so exactly one of confirming, cancelling, releasing and expiring wins.
--
--   p_quota_id, p_time_zone   whose
--   p_now        UTC, read after the lock
--   p_looks_again   whether a hold may be younger than the caller's snapshot, and matters: to
--                whoever holds units in a transaction himself. Others must not leave a gap locked
--   p_returned   units by which the quota's use came down
--   p_ended      holds that ended
--
-- Raises   nothing of its own
-- Source   DESIGN, sections 2 and 3
-- Example  CALL expire_quota_holds(123, 'SYSTEM', UTC_TIMESTAMP(6), FALSE, v_returned, v_ended);

CREATE PROCEDURE expire_quota_holds (
    IN  p_quota_id     BIGINT UNSIGNED,
    IN  p_time_zone    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now          DATETIME(6),
    IN  p_looks_again  BOOLEAN,
    OUT p_returned     BIGINT,
    OUT p_ended        INT
)
    COMMENT 'internal: give back what lapsed reservations and leases hold of one quota.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_reservation_id    CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_kind              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_amount            BIGINT;
    DECLARE v_period_start      DATETIME;
    DECLARE v_created_at        DATETIME(6);
    DECLARE v_biz_type          VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_biz_id            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_product_code      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_origin_tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_lowered           BIGINT;
    DECLARE v_lapsed            JSON;
    DECLARE v_is_done           BOOLEAN DEFAULT FALSE;
    DECLARE c_lapsed CURSOR FOR
        SELECT r.reservation_id, r.kind, r.amount, r.period_start, r.created_at, r.biz_type, r.biz_id,
               r.product_code, r.origin_tenant_id
        FROM JSON_TABLE(v_lapsed, '$[*]' COLUMNS (
            reservation_id  CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS l
        STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
            ON r.reservation_id = l.reservation_id AND r.quota_id = p_quota_id
        WHERE r.status = 'HELD' AND r.expires_at <= p_now
        FOR UPDATE OF r;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_done = TRUE;

    SET p_returned = 0, p_ended = 0;
    -- A plain look first, then a lock of each row by its key: a locking read of a range would
    -- lock its end as well, where other quotas' holds are. (A subquery in IF or SET locks too.)
    SELECT JSON_ARRAYAGG(reservation_id) INTO v_lapsed
    FROM quota_reservations
    WHERE quota_id = p_quota_id AND status = 'HELD' AND expires_at <= p_now;
    IF v_lapsed IS NULL AND p_looks_again THEN
        SELECT JSON_ARRAYAGG(reservation_id) INTO v_lapsed
        FROM quota_reservations
        WHERE quota_id = p_quota_id AND status = 'HELD' AND expires_at <= p_now
        FOR SHARE;
    END IF;
    IF v_lapsed IS NOT NULL THEN
        OPEN c_lapsed;
        each_lapsed: LOOP
            FETCH c_lapsed INTO v_reservation_id, v_kind, v_amount, v_period_start, v_created_at, v_biz_type,
                                v_biz_id, v_product_code, v_origin_tenant_id;
            IF v_is_done THEN
                LEAVE each_lapsed;
            END IF;
            CALL return_quota_hold('EXPIRE', v_reservation_id, p_quota_id, v_kind, p_time_zone, v_amount,
                                   v_period_start, v_created_at, v_biz_type, v_biz_id, v_product_code,
                                   v_origin_tenant_id, p_now, v_lowered);
            SET p_returned = p_returned + v_lowered, p_ended = p_ended + 1;
        END LOOP;
        CLOSE c_lapsed;
    END IF;
END
