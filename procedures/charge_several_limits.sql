-- charge_several_limits: internal: charge two or three plain limits of one tenant, set by set.
--
-- A tenant without a parent that has, of this type, an hour's, a day's and a month's limit, say:
-- counted, enforced and without slots. One UPDATE locks them in the order of their numbers, as
-- everybody does, and takes the units where they fit; the clock is read after that; one INSERT
-- writes their ledger rows, out of the rows that are locked now, for those limits that are in
-- force and in the period they say. Only all of them count: else everything is taken back and
-- nothing is said.
--
--   p_tenant_id .. p_now   as in charge_quota_consumption, in a transaction of our own
--   p_success .. p_next_reset_time   the answer's columns (DESIGN, section 3), of the tightest
--                limit; p_status NULL: let charge_quota_limits decide
--
-- Raises   nothing of its own
-- Source   DESIGN, sections 3 to 5
-- Example  see charge_quota_consumption

CREATE PROCEDURE charge_several_limits (
    IN  p_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount           BIGINT,
    IN  p_biz_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now              DATETIME(6),
    OUT p_success          BOOLEAN,
    OUT p_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_hard_limit       BIGINT,
    OUT p_used_count       BIGINT,
    OUT p_remaining        BIGINT,
    OUT p_next_reset_time  DATETIME
)
    COMMENT 'internal: charge two or three plain limits of one tenant, set by set.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_limits     INT;
    DECLARE v_first_id   BIGINT UNSIGNED;
    DECLARE v_middle_id  BIGINT UNSIGNED;  -- of two limits: 0, which is nobody's
    DECLARE v_last_id    BIGINT UNSIGNED;
    DECLARE v_time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_plain   BOOLEAN;
    DECLARE v_now        DATETIME(6);
    DECLARE v_local      DATETIME(6);
    DECLARE EXIT HANDLER FOR 1062 ROLLBACK TO SAVEPOINT tenant_quota_owned;  -- a replay

    SELECT /*+ NO_RANGE_OPTIMIZATION(q) */
           COUNT(*), MIN(q.quota_id), SUM(q.quota_id) - MIN(q.quota_id) - MAX(q.quota_id), MAX(q.quota_id),
           MIN(COALESCE(NULLIF(t.time_zone, 'SYSTEM'), @@GLOBAL.time_zone)),
           MIN(COALESCE(t.status = 'ACTIVE' AND t.parent_tenant_id IS NULL, TRUE))
    INTO v_limits, v_first_id, v_middle_id, v_last_id, v_time_zone, v_is_plain
    FROM tenant_quotas AS q FORCE INDEX (tenant_quotas_natural)
    LEFT JOIN tenants AS t ON t.tenant_id = p_tenant_id
    WHERE q.tenant_id = p_tenant_id AND q.quota_type = p_quota_type
      AND COALESCE(q.limit_type) <> 'CONCURRENT';

    IF v_is_plain AND v_limits <= 3 THEN
        UPDATE tenant_quotas FORCE INDEX (PRIMARY)
        SET used_count = used_count + p_amount
        WHERE quota_id IN (v_first_id, v_middle_id, v_last_id)
          AND COALESCE(used_count <= hard_limit - p_amount  -- as one condition: as in charge_quota_consumption
                       AND (soft_limit IS NULL OR used_count >= soft_limit OR used_count < soft_limit - p_amount)
                       AND (period_start IS NOT NULL OR limit_type = 'TOTAL')
                       AND enforcement = 'ENFORCE' AND slot_count = 0
                       AND (product_codes IS NULL OR p_product_code MEMBER OF (product_codes)), FALSE);
        SET v_is_plain = ROW_COUNT() = v_limits, v_now = COALESCE(p_now, UTC_TIMESTAMP(6));
        SET v_local = CONVERT_TZ(v_now, '+00:00', v_time_zone);
        IF v_is_plain THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type,
                 product_code, period_start, created_at)
            SELECT quota_id, p_tenant_id, 'CONSUME', p_amount, used_count, p_biz_id, p_biz_type,
                   p_product_code, period_start, v_now
            FROM tenant_quotas FORCE INDEX (PRIMARY)
            WHERE quota_id IN (v_first_id, v_middle_id, v_last_id)
              AND COALESCE(v_local >= COALESCE(effective_time, '1000-01-01')
                           AND v_local < LEAST(COALESCE(expire_time, '9999-12-31'),
                                               COALESCE(next_reset_time, '9999-12-31')), FALSE);
            SET v_is_plain = ROW_COUNT() = v_limits;
        END IF;
        IF v_is_plain THEN
            SELECT TRUE, 'GRANTED', quota_id, limit_type, hard_limit, used_count, hard_limit - used_count,
                   next_reset_time
            INTO p_success, p_status, p_quota_id, p_limit_type, p_hard_limit, p_used_count, p_remaining,
                 p_next_reset_time
            FROM tenant_quotas FORCE INDEX (PRIMARY)
            WHERE quota_id IN (v_first_id, v_middle_id, v_last_id)
            ORDER BY hard_limit - used_count, quota_id
            LIMIT 1;
        ELSE
            ROLLBACK TO SAVEPOINT tenant_quota_owned;
        END IF;
    END IF;
END
