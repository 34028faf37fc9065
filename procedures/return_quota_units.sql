-- return_quota_units: internal: give units of one quota back, into the period they came from.
--
-- Under the quota's row lock, which the caller holds. While their period is open the use
-- comes down; once it is closed the return is recorded, a RESET row of the same period
-- takes it out again, and the open period's use stays as it is.
--
--   p_quota_id .. p_time_zone   whose
--   p_operation     the ledger row: REFUND, CONFIRM, CANCEL, EXPIRE
--   p_amount        units, 0 or more
--   p_period_start, p_charged_at   of the row that charged them; a row written by hand has no
--                   period_start and is placed by its time
--   p_biz_type .. p_origin_tenant_id   as in that row, and the refund's id
--   p_now           UTC, read after the lock
--   p_lowered       by how much the open period's use came down
--
-- Raises   45001 invalid_argument for a zone the server does not know
-- Source   DESIGN, sections 3 and 4
-- Example  see return_quota

CREATE PROCEDURE return_quota_units (
    IN  p_quota_id          BIGINT UNSIGNED,
    IN  p_time_zone         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_operation         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount            BIGINT,
    IN  p_period_start      DATETIME,
    IN  p_charged_at        DATETIME(6),
    IN  p_biz_type          VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_refund_id         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_reservation_id    CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_origin_tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now               DATETIME(6),
    OUT p_lowered           BIGINT
)
    COMMENT 'internal: give units of one quota back, into the period they came from.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_used_count       BIGINT;
    DECLARE v_slot_count       INT;
    DECLARE v_current_used     BIGINT;  -- NULL: slots make it unknowable
    DECLARE v_period_anchor    DATETIME;
    DECLARE v_reset_time       DATETIME;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_state            VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_open_start       DATETIME;
    DECLARE v_charged_local    DATETIME(6);
    DECLARE v_is_open          BOOLEAN DEFAULT TRUE;
    DECLARE v_ignored          DATETIME;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    SELECT limit_type INTO v_limit_type FROM tenant_quotas WHERE quota_id = p_quota_id FOR UPDATE;
    IF v_limit_type <> 'TOTAL' THEN
        CALL settle_quota_period(p_quota_id, p_time_zone, p_now, v_state);
    END IF;

    SELECT tenant_id, used_count, slot_count, period_anchor, reset_time, next_reset_time
    INTO v_tenant_id, v_used_count, v_slot_count, v_period_anchor, v_reset_time, v_next_reset_time
    FROM tenant_quotas
    WHERE quota_id = p_quota_id
    FOR UPDATE;

    IF v_limit_type <> 'TOTAL' THEN
        CALL compute_quota_period(v_limit_type, v_period_anchor, v_next_reset_time - INTERVAL 1 MICROSECOND,
                                  v_open_start, v_ignored);
        CALL convert_quota_time(p_time_zone, p_charged_at, v_charged_local);
        -- A reset by hand in mid-period leaves the label as it was: then the time decides.
        SET v_is_open = COALESCE(p_period_start = v_open_start, v_charged_local >= v_open_start)
                        AND NOT COALESCE(v_reset_time > v_open_start AND p_charged_at < CONVERT_TZ(
                                v_reset_time, IF(p_time_zone = 'SYSTEM', @@GLOBAL.time_zone, p_time_zone), '+00:00'),
                            FALSE);
    END IF;

    SET p_lowered = 0;
    IF v_tenant_id IS NOT NULL THEN  -- else the quota was deleted, and its use with it
        SET p_lowered = IF(v_is_open, LEAST(p_amount, v_used_count), 0);
        SET v_current_used = IF(v_slot_count = 0, v_used_count - p_lowered, NULL);
        IF p_lowered > 0 THEN
            UPDATE tenant_quotas SET used_count = used_count - p_lowered WHERE quota_id = p_quota_id;
        END IF;

        INSERT INTO quota_usage_records
            (quota_id, tenant_id, operation_type, delta_value, current_used, biz_type, biz_id, product_code,
             period_start, reservation_id, refund_id, origin_tenant_id, created_at)
        VALUES
            (p_quota_id, v_tenant_id, p_operation, -p_amount, v_current_used, p_biz_type, p_biz_id,
             p_product_code, p_period_start, p_reservation_id, p_refund_id, p_origin_tenant_id, p_now);
        IF p_lowered < p_amount THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, period_start, created_at)
            VALUES
                (p_quota_id, v_tenant_id, 'RESET', p_amount - p_lowered, v_current_used, p_period_start,
                 p_now);
        END IF;
    END IF;
END
