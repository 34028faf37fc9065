-- expire_quota_holds: internal: give back the lapsed reservations and leases of one quota.
--
-- Under the quota's row lock, which the caller holds: whoever settles a hold does so under it, so
-- exactly one of confirm, cancel, release and expire succeeds. A plain look finds the next hold, and
-- settle_quota_hold locks it by its key.
--
--   p_quota_id     whose
--   p_time_zone    tenants.time_zone of its owner
--   p_transaction  JOINED: if nothing is found, look for holds that are younger than the caller's
--                  snapshot too; that leaves the gap behind them locked until it ends. OWN: do not
--   p_returned     units by which the quota's use came down
--   p_ended        holds that ended
--
-- Raises   45001 invalid_argument for a zone the server does not know
-- Source   DESIGN, sections 2 and 3
-- Example  CALL expire_quota_holds(123, 'SYSTEM', 'OWN', v_returned, v_ended);

CREATE PROCEDURE expire_quota_holds (
    IN  p_quota_id     BIGINT UNSIGNED,
    IN  p_time_zone    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_transaction  VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_returned     BIGINT,
    OUT p_ended        INT
)
    COMMENT 'internal: give back the lapsed reservations and leases of one quota.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_reservation_id  CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_after_id        CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT '';
    DECLARE v_after           DATETIME(6) DEFAULT '1000-01-01';
    DECLARE v_looks_again     BOOLEAN     DEFAULT p_transaction = 'JOINED';
    DECLARE v_quota_id        BIGINT UNSIGNED DEFAULT p_quota_id;
    DECLARE v_status          VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_transaction     VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_used_count, v_seen  BIGINT;
    DECLARE v_is_all          BOOLEAN;
    DECLARE v_state           VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;  -- NULL: nothing found yet
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SET p_returned = 0, p_ended = 0;
    each_hold: LOOP
        SET v_reservation_id = NULL;
        SELECT reservation_id, expires_at INTO v_reservation_id, v_after
        FROM quota_reservations FORCE INDEX (quota_reservations_held)
        WHERE quota_id = p_quota_id AND status = 'HELD' AND expires_at BETWEEN v_after AND UTC_TIMESTAMP(6)
          AND (expires_at > v_after OR reservation_id > v_after_id)
        ORDER BY expires_at, reservation_id
        LIMIT 1;
        IF v_reservation_id IS NULL AND v_looks_again THEN
            SET v_looks_again = FALSE;
            -- The leases that the snapshot shows, as they are now, by their keys: if that is all that leases
            -- hold, none is hidden.
            SELECT COALESCE(SUM(IF(r.status = 'HELD' AND r.expires_at > UTC_TIMESTAMP(6), r.amount, 0)), 0)
            INTO v_seen
            FROM (SELECT reservation_id FROM quota_reservations
                  WHERE quota_id = p_quota_id AND status = 'HELD' LIMIT 1000000) AS h
            STRAIGHT_JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
                ON r.reservation_id = h.reservation_id AND r.quota_id = p_quota_id
            FOR SHARE OF r;
            SELECT limit_type = 'CONCURRENT' AND leased_count = v_seen INTO v_is_all
            FROM tenant_quotas WHERE quota_id = p_quota_id FOR UPDATE;
            IF NOT v_is_all THEN
                -- A row shows in the snapshot once this transaction has changed it.
                UPDATE quota_reservations FORCE INDEX (quota_reservations_held)
                SET updated_at = UTC_TIMESTAMP(6)
                WHERE quota_id = p_quota_id AND status = 'HELD' AND expires_at <= UTC_TIMESTAMP(6);
                SET v_after = '1000-01-01', v_after_id = '';
                ITERATE each_hold;
            END IF;
            LEAVE each_hold;
        ELSEIF v_reservation_id IS NULL THEN
            LEAVE each_hold;
        ELSEIF v_state IS NULL THEN
            CALL settle_quota_period(p_quota_id, p_time_zone, v_state);
            SELECT used_count INTO p_returned FROM tenant_quotas WHERE quota_id = p_quota_id FOR UPDATE;
        END IF;
        SET v_after_id = v_reservation_id;
        CALL settle_quota_hold('EXPIRE', v_reservation_id, NULL, NULL, v_quota_id, v_status, v_used_count,
                               v_transaction, v_after);
        SET p_ended = p_ended + (v_status = 'EXPIRED');
    END LOOP;
    IF v_state IS NOT NULL THEN
        SELECT p_returned - used_count INTO p_returned FROM tenant_quotas WHERE quota_id = p_quota_id FOR UPDATE;
    END IF;
END
