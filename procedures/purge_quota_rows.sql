-- purge_quota_rows: internal: purge one batch of settled holds, and one of delivered alerts.
--
-- A hold's row stays as long as the ledger still has rows of its key, so that a confirmed
-- reservation can be refunded as long as it is remembered. An alert stays as long as its
-- period may be open, because it is what keeps the same alert from coming again.
-- Takes only rows that nobody holds (SKIP LOCKED).
--
--   p_cutoff       UTC; only rows that were settled or delivered before it
--   p_batch_size   rows of each, at most
--   p_purged       rows deleted; 0: none was left
--
-- Raises   nothing of its own
-- Source   DESIGN, sections 2 and 6
-- Example  CALL purge_quota_rows(UTC_TIMESTAMP(6) - INTERVAL 400 DAY, 100, v_purged);

CREATE PROCEDURE purge_quota_rows (
    IN  p_cutoff      DATETIME(6),
    IN  p_batch_size  INT,
    OUT p_purged      BIGINT
)
    COMMENT 'internal: purge one batch of settled holds, and one of delivered alerts.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_holds        JSON;
    DECLARE v_alerts       JSON;
    DECLARE v_errno        INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(v_transaction, v_errno);
        RESIGNAL;
    END;

    CALL open_quota_transaction(v_transaction);

    SELECT JSON_ARRAYAGG(JSON_OBJECT('reservation_id', reservation_id, 'quota_id', quota_id)) INTO v_holds
    FROM (SELECT r.reservation_id, r.quota_id
          FROM quota_reservations AS r
          WHERE r.status IN ('CONFIRMED', 'CANCELLED', 'RELEASED', 'EXPIRED')
            AND r.expires_at < p_cutoff AND r.updated_at < p_cutoff
            AND NOT EXISTS (SELECT 1
                            FROM quota_usage_records AS u
                            WHERE u.quota_id = r.quota_id
                              AND u.biz_type = r.biz_type AND u.biz_id = r.biz_id
                              AND u.reservation_id = r.reservation_id)
          LIMIT p_batch_size
          FOR UPDATE OF r SKIP LOCKED) AS batch;
    DELETE r
    FROM JSON_TABLE(v_holds, '$[*]' COLUMNS (
        reservation_id  CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.reservation_id',
        quota_id        BIGINT UNSIGNED PATH '$.quota_id')) AS l
    STRAIGHT_JOIN quota_reservations AS r ON r.reservation_id = l.reservation_id AND r.quota_id = l.quota_id;

    SELECT JSON_ARRAYAGG(alert_id) INTO v_alerts
    FROM (SELECT alert_id
          FROM quota_alerts
          WHERE delivered_at < p_cutoff
            AND limit_type <> 'TOTAL'
            AND period_start < p_cutoff - INTERVAL CASE limit_type WHEN 'YEARLY' THEN 12
                                                                   WHEN 'QUARTERLY' THEN 3
                                                                   ELSE 1 END MONTH
          LIMIT p_batch_size
          FOR UPDATE SKIP LOCKED) AS batch;
    DELETE a
    FROM JSON_TABLE(v_alerts, '$[*]' COLUMNS (alert_id BIGINT UNSIGNED PATH '$')) AS l
    STRAIGHT_JOIN quota_alerts AS a ON a.alert_id = l.alert_id;

    SET p_purged = COALESCE(JSON_LENGTH(v_holds), 0) + COALESCE(JSON_LENGTH(v_alerts), 0);
    CALL close_quota_transaction(v_transaction);
END
