-- deny_exhausted_limit: internal: deny what everybody can see to be exhausted: no lock, no write.
--
-- One statement, and so one snapshot, finds that the units do not fit, what slots hold
-- included, that no hold of the limit has lapsed and that this key is new; in our own
-- transaction (READ COMMITTED) it is the newest that is committed. The clock is read after it:
-- a period that is open now was open then. The first denial of a period writes its alert and is
-- not given here.
--
--   p_quota_id, p_time_zone   which limit, and its tenant's zone
--   p_valid_from, p_valid_until   how long what the caller saw of it holds, tenant wall clock
--   p_period_start   of the open period; NULL for TOTAL
--   p_amount .. p_now   as in charge_quota
--   p_success .. p_retry_after_ms   the answer's columns (DESIGN, section 3); p_status NULL:
--                nothing is said, let charge_quota_limits decide
--
-- Raises   nothing
-- Source   DESIGN, sections 3 to 7
-- Example  see charge_quota

CREATE PROCEDURE deny_exhausted_limit (
    IN  p_quota_id        BIGINT UNSIGNED,
    IN  p_time_zone       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_valid_from      DATETIME,
    IN  p_valid_until     DATETIME,
    IN  p_period_start    DATETIME,
    IN  p_amount          BIGINT,
    IN  p_biz_type        VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now             DATETIME(6),
    OUT p_success         BOOLEAN,
    OUT p_status          VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_used_count      BIGINT,
    OUT p_remaining       BIGINT,
    OUT p_retry_after_ms  BIGINT
)
    COMMENT 'internal: deny what everybody can see to be exhausted: no lock, no write.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_hard_limit   BIGINT;
    DECLARE v_period_end   DATETIME;
    DECLARE v_first_lapse  DATETIME(6);  -- UTC, of the hold that lapses first
    DECLARE v_is_new       BOOLEAN;
    DECLARE v_is_told      BOOLEAN;
    DECLARE v_now          DATETIME(6);
    DECLARE v_local        DATETIME(6);
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT q.hard_limit, q.next_reset_time,
           q.used_count - IF(q.slot_count = 0, 0,
                             (SELECT COALESCE(SUM(s.remaining), 0)
                              FROM quota_slots AS s
                              WHERE s.quota_id = p_quota_id AND s.next_reset_time <=> q.next_reset_time)),
           (SELECT MIN(r.expires_at)
            FROM quota_reservations AS r
            WHERE r.quota_id = p_quota_id AND r.status = 'HELD'),
           u.quota_id IS NULL, a.quota_id IS NOT NULL
    INTO v_hard_limit, v_period_end, p_used_count, v_first_lapse, v_is_new, v_is_told
    FROM tenant_quotas AS q
    LEFT JOIN quota_usage_records AS u
        ON u.quota_id = p_quota_id AND u.biz_type = p_biz_type AND u.biz_id = p_biz_id
        AND u.operation_type = 'CONSUME' AND u.refund_id = '' AND u.origin_tenant_id = ''
    LEFT JOIN quota_alerts AS a
        ON a.quota_id = p_quota_id AND a.period_start = COALESCE(p_period_start, '1000-01-01')
        AND a.alert_level = 'EXCEEDED'
    WHERE q.quota_id = p_quota_id;

    SET v_now = COALESCE(p_now, UTC_TIMESTAMP(6));
    SET v_local = CONVERT_TZ(v_now, '+00:00', p_time_zone);
    IF v_is_told AND v_is_new AND COALESCE(v_first_lapse > v_now, TRUE) AND p_used_count > v_hard_limit - p_amount
       AND v_local >= p_valid_from AND v_local < LEAST(p_valid_until, COALESCE(v_period_end, p_valid_until)) THEN
        SET p_success = FALSE, p_status = 'EXCEEDED', p_remaining = GREATEST(v_hard_limit - p_used_count, 0);
        IF p_amount <= v_hard_limit THEN
            CALL find_quota_wait(p_time_zone, v_now, v_period_end, p_retry_after_ms);
        END IF;
    END IF;
END
