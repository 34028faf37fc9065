-- sweep_lapsed_holds: internal: find the next lapsed hold, and give back all of its quota.
--
-- It walks quota_reservations_lapsed. The hold it finds names a quota, and all lapsed holds of that
-- quota are given back. run_quota_job opens a transaction for it and ends that. It takes only quotas
-- that nobody has locked (SKIP LOCKED): whoever holds one and needs the units gives them back himself.
-- A quota whose zone is unknown is passed over. What a deleted quota held ends with it.
--
--   p_until        UTC; holds that lapsed up to then
--   p_reservation_id .. p_quota_id   the hold found before, and then this one;
--                  p_quota_id NULL: nothing is left
--   p_ended        holds that ended
--
-- Source   DESIGN, section 3

CREATE PROCEDURE sweep_lapsed_holds (
    IN    p_until           DATETIME(6),
    INOUT p_reservation_id  VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_expires_at      DATETIME(6),
    INOUT p_quota_id        BIGINT UNSIGNED,
    OUT   p_ended           BIGINT
)
    COMMENT 'internal: find the next lapsed hold, and give back all of its quota.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_time_zone          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id           BIGINT UNSIGNED;
    DECLARE v_quotas             BIGINT;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SET p_ended = 0;
    SELECT reservation_id, expires_at, quota_id INTO p_reservation_id, p_expires_at, v_quota_id
    FROM quota_reservations FORCE INDEX (quota_reservations_lapsed)
    WHERE status = 'HELD'
      AND (expires_at = p_expires_at AND reservation_id = p_reservation_id AND quota_id > p_quota_id
           OR expires_at = p_expires_at AND reservation_id > p_reservation_id
           OR expires_at > p_expires_at AND expires_at <= p_until)
    ORDER BY expires_at, reservation_id, quota_id LIMIT 1;
    SET p_quota_id = v_quota_id;

    SELECT COALESCE(t.time_zone, 'SYSTEM') INTO v_time_zone
    FROM tenant_quotas AS q
    LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
    WHERE q.quota_id = v_quota_id FOR UPDATE OF q SKIP LOCKED;
    IF v_time_zone IS NULL THEN  -- nothing found, or somebody holds the quota, or it was deleted
        SELECT COUNT(*) INTO v_quotas FROM tenant_quotas WHERE quota_id = v_quota_id;
        IF v_quotas = 0 THEN
            UPDATE quota_reservations SET status = 'EXPIRED', updated_at = UTC_TIMESTAMP(6)
            WHERE reservation_id = p_reservation_id AND quota_id = v_quota_id AND status = 'HELD';
            SET p_ended = ROW_COUNT();
        END IF;
    ELSEIF CONVERT_TZ(p_until, '+00:00', IF(v_time_zone = 'SYSTEM', @@GLOBAL.time_zone, v_time_zone)) IS NOT NULL THEN
        CALL expire_quota_holds(v_quota_id, 'OWN', p_ended);
    END IF;
END
