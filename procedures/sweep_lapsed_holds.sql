-- sweep_lapsed_holds: internal: give back one batch of lapsed holds.
--
-- It walks quota_reservations_lapsed. Each hold it finds names a quota, and all lapsed holds of
-- that quota are given back in one transaction. It takes only quotas that nobody has locked (SKIP
-- LOCKED): whoever holds one and needs the units gives them back himself. Quotas whose zone is
-- unknown are passed over. What a deleted quota held ends with it.
--
--   p_batch_size   holds looked at, at most
--   p_until        UTC; holds that lapsed up to then
--   p_reservation_id .. p_quota_id   where the batch before ended, and then this one;
--                  p_quota_id NULL: nothing is left
--   p_ended        holds that ended
--
-- Source   DESIGN, section 3

CREATE PROCEDURE sweep_lapsed_holds (
    IN    p_batch_size      INT,
    IN    p_until           DATETIME(6),
    INOUT p_reservation_id  VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_expires_at      DATETIME(6),
    INOUT p_quota_id        BIGINT UNSIGNED,
    OUT   p_ended           BIGINT
)
    COMMENT 'internal: give back one batch of lapsed holds.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_time_zone    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id     BIGINT UNSIGNED;
    DECLARE v_seen         INT DEFAULT 0;
    DECLARE v_quotas, v_ended, v_ignored  BIGINT;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL end_quota_transaction(v_transaction, FALSE);
        RESIGNAL;
    END;

    SET p_ended = 0;
    WHILE p_quota_id IS NOT NULL AND v_seen < p_batch_size DO
        SET v_seen = v_seen + 1, v_quota_id = NULL, v_time_zone = NULL, v_ended = 0;
        SELECT reservation_id, expires_at, quota_id INTO p_reservation_id, p_expires_at, v_quota_id
        FROM quota_reservations FORCE INDEX (quota_reservations_lapsed)
        WHERE status = 'HELD'
          AND (expires_at = p_expires_at AND reservation_id = p_reservation_id AND quota_id > p_quota_id
               OR expires_at = p_expires_at AND reservation_id > p_reservation_id
               OR expires_at > p_expires_at AND expires_at <= p_until)
        ORDER BY expires_at, reservation_id, quota_id LIMIT 1;
        SET p_quota_id = v_quota_id;

        IF v_quota_id IS NOT NULL THEN
            CALL open_quota_transaction(v_transaction);
            SELECT COALESCE(t.time_zone, 'SYSTEM') INTO v_time_zone
            FROM tenant_quotas AS q
            LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
            WHERE q.quota_id = v_quota_id FOR UPDATE OF q SKIP LOCKED;
            IF v_time_zone IS NULL THEN  -- somebody holds the quota, or it was deleted
                SELECT COUNT(*) INTO v_quotas FROM tenant_quotas WHERE quota_id = v_quota_id;
                IF v_quotas = 0 THEN
                    UPDATE quota_reservations SET status = 'EXPIRED', updated_at = UTC_TIMESTAMP(6)
                    WHERE reservation_id = p_reservation_id AND quota_id = v_quota_id AND status = 'HELD';
                    SET v_ended = ROW_COUNT();
                END IF;
            ELSEIF CONVERT_TZ(p_until, '+00:00', IF(v_time_zone = 'SYSTEM', @@GLOBAL.time_zone, v_time_zone))
                   IS NOT NULL THEN
                CALL expire_quota_holds(v_quota_id, v_time_zone, 'OWN', v_ignored, v_ended);
            END IF;
            CALL end_quota_transaction(v_transaction, TRUE);
            SET p_ended = p_ended + v_ended;
        END IF;
    END WHILE;
END
