-- judge_quota_level: internal: what each limit of one level says to one amount.
--
-- Reads only. What can be taken back counts as taken back already: expired holds, unspent slices, a period that is
-- over. A denial may look closely; nobody is charged here.
--
--   p_kinds .. p_products   which limits, what of; p_time_zone: a zone, not SYSTEM; p_products: JSON, the product or
--                   an array of them; NULL: products do not matter
--   p_is_locking    TRUE: lock the rows, and read the newest
--   p_taken_back    comma list of the quotas that have nothing left to take back
--   p_judged        JSON array, an object for each limit: level_id, quota_id, limit_type, verdict (GRANTED, EXCEEDED,
--                   PRODUCT_NOT_COVERED, EXPIRED, NOT_EFFECTIVE), used (exact, before the call), used_after,
--                   period_start (of its alerts), next_reset_time, wait_ms, is_due (settle first; in an unknown zone
--                   all are), is_short (take back first), takes_part (FALSE: SHADOW, and not in force or not for the
--                   product), is_alert (due if the call is granted), shown_by (the limit with the smallest is shown:
--                   denials below 0, the longest first; then the tightest grant, enforced before SHADOW, RATE last)
--
-- Source   docs/design.md, sections 2 to 6

CREATE PROCEDURE judge_quota_level (
    IN  p_kinds         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_level_id      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_time_zone     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount        BIGINT,
    IN  p_products      LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_is_locking    BOOLEAN,
    IN  p_taken_back    TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_judged        JSON
)
    COMMENT 'internal: what each limit of one level says to one amount.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_utc, v_now  DATETIME(6);  -- v_now: the level's wall clock
    DECLARE v_limits      INT;

    IF p_is_locking THEN  -- before the clock is read: all kinds, as charge_quota_levels does
        SELECT COUNT(*) INTO v_limits FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
        WHERE tenant_id = p_level_id AND quota_type = p_quota_type FOR UPDATE;
    END IF;
    SET v_utc = UTC_TIMESTAMP(6), v_now = CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', p_time_zone);

    SELECT JSON_ARRAYAGG(JSON_OBJECT(
               'level_id', p_level_id, 'quota_id', quota_id, 'limit_type', limit_type, 'verdict', verdict, 'used', used,
               'used_after', used + IF(takes_part AND (verdict = 'GRANTED' OR enforcement = 'SHADOW'), p_amount, 0),
               'period_start', label, 'next_reset_time', next_reset_time, 'wait_ms', wait_ms, 'is_due', is_due,
               'is_short', spare > 0 AND (used_count > capacity - p_amount
                                          OR COALESCE(used_count >= next_alert_count - p_amount, FALSE))
                           OR has_expired AND verdict = 'EXCEEDED' AND p_amount <= capacity,
               'may_fit', p_amount <= capacity,
               'takes_part', takes_part, 'has_slots', slot_count > 0,
               'is_alert', IF(takes_part, COALESCE(used >= next_alert_count - p_amount, FALSE), verdict = 'EXCEEDED'),
               'shown_by', IF(verdict = 'GRANTED' OR enforcement = 'SHADOW',
                              (2 * (enforcement = 'SHADOW') + (limit_type = 'RATE')) * 100000000000000000000
                              + capacity - used, -1 - COALESCE(wait_ms, 10000000000000000000000000))))
    INTO p_judged
    FROM (SELECT judged.*,
                 enforcement = 'ENFORCE' OR verdict = 'GRANTED' OR verdict = 'EXCEEDED' AND limit_type <> 'RATE'
                     AND used_count <= 9223372036854775807 - p_amount AS takes_part,
                 CASE WHEN verdict = 'EXCEEDED' AND p_amount > capacity THEN NULL
                      WHEN verdict = 'NOT_EFFECTIVE' OR verdict = 'EXCEEDED' AND period_start IS NOT NULL
                      THEN (GREATEST(IF(  -- by this hour's offset, else by the one that is valid then
                               CONVERT_TZ(v_utc + INTERVAL TIMESTAMPDIFF(MICROSECOND, v_now, until) MICROSECOND,
                                          '+00:00', p_time_zone) = until, TIMESTAMPDIFF(MICROSECOND, v_now, until),
                               TIMESTAMPDIFF(MICROSECOND, v_utc, CONVERT_TZ(until, p_time_zone, '+00:00'))), 0)
                            + 999) DIV 1000
                      WHEN verdict = 'EXCEEDED' AND limit_type = 'RATE'
                      THEN GREATEST(CEIL((used_count - capacity + p_amount) * 1000 / refill_per_second)
                                    - TIMESTAMPDIFF(MICROSECOND, refilled_at, v_utc) DIV 1000, 0) END AS wait_ms
          FROM (SELECT exact.*,
                       CASE WHEN v_now < effective_time THEN 'NOT_EFFECTIVE'
                            WHEN v_now >= expire_time THEN 'EXPIRED'
                            WHEN NOT COALESCE(JSON_CONTAINS(product_codes, p_products), TRUE)
                                THEN 'PRODUCT_NOT_COVERED'
                            WHEN used > capacity - p_amount THEN 'EXCEEDED' ELSE 'GRANTED' END AS verdict
                FROM (SELECT spared.*, IF(v_now < effective_time, effective_time, next_reset_time) AS until, CASE
                             WHEN next_reset_time <= v_now AND limit_type NOT IN ('TOTAL', 'RATE', 'CONCURRENT') THEN 0
                                  WHEN limit_type = 'RATE' THEN used_count - LEAST(used_count, COALESCE(FLOOR(GREATEST(
                                           TIMESTAMPDIFF(MICROSECOND, refilled_at, v_utc), 0)
                                           * refill_per_second * 0.000001), 0))
                                  ELSE used_count - spare END AS used
                      FROM (SELECT f.*,
                               IF(limit_type = 'CONCURRENT', COALESCE(concurrent_tokens, 0), hard_limit) AS capacity,
                               NOT COALESCE(COALESCE(next_reset_time, '9999-12-31') = period_end AND period_end > v_now
                                            AND COALESCE(LEAST(period_start, COALESCE(reset_time, CONVERT_TZ(
                                              created_at, '+00:00', p_time_zone))) <= v_now + INTERVAL 61 MINUTE, TRUE)
                                            AND (limit_type <> 'RATE' OR refilled_at <= v_utc), FALSE) AS is_due,
                               CASE WHEN period_start IS NOT NULL THEN period_start
                                    WHEN limit_type = 'TOTAL' THEN '1000-01-01' ELSE DATE(v_utc) END AS label,
                               IF(FIND_IN_SET(quota_id, p_taken_back), 0,
                                  IF(slot_count = 0, 0, (SELECT COALESCE(SUM(s.remaining), 0)
                                                         FROM quota_slots AS s
                                                         WHERE s.quota_id = f.quota_id
                                                           AND s.next_reset_time <=> f.next_reset_time))
                                  + (SELECT COALESCE(SUM(h.amount), 0)
                                     FROM quota_reservations AS h
                                     WHERE h.quota_id = f.quota_id AND h.status = 'HELD' AND h.expires_at <= v_utc
                                       AND h.period_start <=> f.period_start)) AS spare,
                               NOT FIND_IN_SET(quota_id, p_taken_back) AND EXISTS (
                                   SELECT 1 FROM quota_reservations AS h
                                   WHERE h.quota_id = f.quota_id AND h.status = 'HELD' AND h.expires_at <= v_utc
                               ) AS has_expired
                        FROM ((SELECT * FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                               WHERE tenant_id = p_level_id AND quota_type = p_quota_type AND p_is_locking FOR SHARE)
                              UNION ALL
                              (SELECT * FROM tenant_quotas FORCE INDEX (tenant_quotas_natural)
                               WHERE tenant_id = p_level_id AND quota_type = p_quota_type AND NOT p_is_locking)
                             ) AS f
                        WHERE FIND_IN_SET(limit_type, p_kinds)) AS spared
                     ) AS exact) AS judged) AS counted;
END
