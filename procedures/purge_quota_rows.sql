-- purge_quota_rows: internal: purge one batch of settled holds, and one of delivered alerts.
--
-- A hold's row stays as long as the ledger still has rows of its key, so that a confirmed
-- reservation can be refunded as long as it is remembered. An alert stays as long as its
-- period may be open, because it keeps the same alert from coming again. Takes only rows that
-- nobody has locked (SKIP LOCKED). Holds go one by one: a DELETE that reads the ledger would
-- wait for its rows.
--
--   p_cutoff       UTC; only rows that were settled or delivered before it
--   p_batch_size   rows of each, at most
--   p_purged       rows deleted; 0: none was left
--
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
    DECLARE v_transaction     VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_reservation_id  CHAR(36)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id        BIGINT UNSIGNED;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL end_quota_transaction(v_transaction, FALSE);
        RESIGNAL;
    END;

    SET p_purged = 0;
    CALL open_quota_transaction(v_transaction);
    REPEAT
        SET v_quota_id = NULL;
        SELECT r.reservation_id, r.quota_id INTO v_reservation_id, v_quota_id
        FROM quota_reservations AS r FORCE INDEX (quota_reservations_lapsed)
        WHERE r.status IN ('CONFIRMED', 'CANCELLED', 'RELEASED', 'EXPIRED')
          AND r.expires_at < p_cutoff AND r.updated_at < p_cutoff
          AND (SELECT COUNT(*)
               FROM quota_usage_records AS u FORCE INDEX (quota_usage_records_biz_key)
               WHERE u.quota_id = r.quota_id AND u.biz_type = r.biz_type AND u.biz_id = r.biz_id
                 AND u.reservation_id = r.reservation_id) = 0
        LIMIT 1
        FOR UPDATE OF r SKIP LOCKED;
        IF v_quota_id IS NOT NULL THEN
            DELETE FROM quota_reservations WHERE reservation_id = v_reservation_id AND quota_id = v_quota_id;
            SET p_purged = p_purged + 1;
        END IF;
    UNTIL v_quota_id IS NULL OR p_purged >= p_batch_size END REPEAT;

    DELETE a
    FROM (SELECT alert_id
          FROM quota_alerts
          WHERE delivered_at < p_cutoff
            AND limit_type <> 'TOTAL'
            AND period_start < p_cutoff - INTERVAL CASE limit_type WHEN 'YEARLY' THEN 12
                                                                   WHEN 'QUARTERLY' THEN 3
                                                                   ELSE 1 END MONTH
          LIMIT p_batch_size
          FOR UPDATE SKIP LOCKED) AS l
    STRAIGHT_JOIN quota_alerts AS a FORCE INDEX (PRIMARY) ON a.alert_id = l.alert_id;
    SET p_purged = p_purged + ROW_COUNT();
    CALL end_quota_transaction(v_transaction, TRUE);
END
