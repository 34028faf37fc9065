-- sweep_lapsed_holds: internal: give back the lapsed holds of one batch of quotas.
--
-- A transaction a quota, and only quotas that nobody holds (SKIP LOCKED): whoever holds one
-- and needs the units gives them back himself.
--
--   p_batch_size   quotas at most
--   p_now          UTC; NULL: the clock. Only tests name a time
--   p_settled      holds given back; 0: none was left
--
-- Raises   nothing of its own
-- Source   DESIGN, section 3
-- Example  CALL sweep_lapsed_holds(100, NULL, v_settled);

CREATE PROCEDURE sweep_lapsed_holds (
    IN  p_batch_size  INT,
    IN  p_now         DATETIME(6),
    OUT p_settled     BIGINT
)
    COMMENT 'internal: give back the lapsed holds of one batch of quotas.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_now          DATETIME(6) DEFAULT COALESCE(p_now, UTC_TIMESTAMP(6));
    DECLARE v_quotas       JSON;
    DECLARE v_at           INT DEFAULT 0;
    DECLARE v_quota_id     BIGINT UNSIGNED;
    DECLARE v_is_locked    BOOLEAN;
    DECLARE v_time_zone    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_lapsed       BIGINT;
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
    SELECT JSON_ARRAYAGG(quota_id) INTO v_quotas
    FROM (SELECT DISTINCT quota_id
          FROM quota_reservations
          WHERE status = 'HELD' AND expires_at <= v_now
          LIMIT p_batch_size) AS lapsed;

    WHILE v_at < COALESCE(JSON_LENGTH(v_quotas), 0) DO
        SET v_quota_id = JSON_EXTRACT(v_quotas, CONCAT('$[', v_at, ']'));
        SET v_at = v_at + 1, v_is_locked = FALSE, v_time_zone = 'SYSTEM';
        CALL open_quota_transaction(v_transaction);
        SELECT TRUE, COALESCE(t.time_zone, 'SYSTEM') INTO v_is_locked, v_time_zone
        FROM tenant_quotas AS q
        LEFT JOIN tenants AS t ON t.tenant_id = q.tenant_id
        WHERE q.quota_id = v_quota_id
        FOR UPDATE OF q SKIP LOCKED;
        IF v_is_locked THEN
            SELECT COUNT(*) INTO v_lapsed
            FROM quota_reservations
            WHERE quota_id = v_quota_id AND status = 'HELD' AND expires_at <= v_now;
            CALL expire_quota_holds(v_quota_id, v_time_zone, v_now, v_returned);
            SET p_settled = p_settled + v_lapsed;
        END IF;
        CALL close_quota_transaction(v_transaction);
    END WHILE;
END
