-- sweep_lapsed_holds: internal: give back the lapsed holds of all quotas.
--
-- A transaction a quota, and only quotas that nobody holds (SKIP LOCKED): whoever holds one
-- and needs the units gives them back himself. Quotas whose zone is not known are passed
-- over, and what a deleted quota held ends with it. With the caller's transaction open, one
-- batch only.
--
--   p_batch_size   quotas a look
--   p_now          UTC; NULL: the clock. Only tests name a time
--   p_settled      holds that ended
--
-- Raises   nothing of its own
-- Source   DESIGN, section 3
-- Example  CALL sweep_lapsed_holds(100, NULL, v_settled);

CREATE PROCEDURE sweep_lapsed_holds (
    IN  p_batch_size  INT,
    IN  p_now         DATETIME(6),
    OUT p_settled     BIGINT
)
    COMMENT 'internal: give back the lapsed holds of all quotas.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_now          DATETIME(6) DEFAULT COALESCE(p_now, UTC_TIMESTAMP(6));
    DECLARE v_quotas       JSON;
    DECLARE v_at           INT;
    DECLARE v_quota_id     BIGINT UNSIGNED;
    DECLARE v_time_zone    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_after_id     BIGINT UNSIGNED DEFAULT 0;
    DECLARE v_last_id      BIGINT UNSIGNED;
    DECLARE v_ended        INT;
    DECLARE v_is_there     BOOLEAN;
    DECLARE v_returned     BIGINT;
    DECLARE v_errno        INT;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(v_transaction, v_errno);
        RESIGNAL;
    END;

    SET p_settled = 0;
    REPEAT
        SELECT JSON_ARRAYAGG(quota_id), MAX(quota_id) INTO v_quotas, v_last_id
        FROM (SELECT DISTINCT quota_id
              FROM quota_reservations
              WHERE status = 'HELD' AND expires_at <= v_now AND quota_id > v_after_id
              ORDER BY quota_id
              LIMIT p_batch_size) AS lapsed;
        SET v_at = 0, v_after_id = v_last_id;

        WHILE v_at < COALESCE(JSON_LENGTH(v_quotas), 0) DO
            SET v_quota_id = JSON_EXTRACT(v_quotas, CONCAT('$[', v_at, ']'));
            SET v_at = v_at + 1, v_time_zone = NULL, v_ended = 0;
            CALL open_quota_transaction(v_transaction);
            SELECT COALESCE(t.time_zone, 'SYSTEM') INTO v_time_zone
            FROM tenant_quotas AS q
            LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
            WHERE q.quota_id = v_quota_id
            FOR UPDATE OF q SKIP LOCKED;
            IF CONVERT_TZ(v_now, '+00:00', IF(v_time_zone = 'SYSTEM', @@GLOBAL.time_zone, v_time_zone)) IS NOT NULL THEN
                CALL expire_quota_holds(v_quota_id, v_time_zone, v_now, FALSE, v_returned, v_ended);
            ELSEIF v_time_zone IS NULL THEN
                SELECT COUNT(*) INTO v_is_there FROM tenant_quotas WHERE quota_id = v_quota_id;
                IF NOT v_is_there THEN
                    UPDATE quota_reservations
                    SET status = 'EXPIRED', updated_at = v_now
                    WHERE quota_id = v_quota_id AND status = 'HELD' AND expires_at <= v_now;
                    SET v_ended = ROW_COUNT();
                END IF;
            END IF;
            SET p_settled = p_settled + v_ended;
            CALL close_quota_transaction(v_transaction);
        END WHILE;
    UNTIL v_quotas IS NULL OR v_transaction = 'JOINED' END REPEAT;
END
