-- return_quota_hold: internal: end one hold on one quota, and give back what it does not keep.
--
-- Under the quota's row lock, which the caller holds.
--
--   p_operation     CONFIRM, CANCEL, RELEASE, EXPIRE
--   p_reservation_id, p_quota_id, p_kind   which row of quota_reservations
--   p_time_zone     tenants.time_zone of the quota's owner
--   p_amount        units to give back; CONFIRM keeps the rest
--   p_period_start .. p_origin_tenant_id   of that row
--   p_now           UTC, read after the lock
--   p_lowered       by how much the quota's use came down
--
-- Raises   nothing of its own
-- Source   DESIGN, sections 2 and 3
-- Example  see settle_quota_hold

CREATE PROCEDURE return_quota_hold (
    IN  p_operation         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_reservation_id    CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_id          BIGINT UNSIGNED,
    IN  p_kind              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_time_zone         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount            BIGINT,
    IN  p_period_start      DATETIME,
    IN  p_charged_at        DATETIME(6),
    IN  p_biz_type          VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_origin_tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now               DATETIME(6),
    OUT p_lowered           BIGINT
)
    COMMENT 'internal: end one hold on one quota, and give back what it does not keep.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    UPDATE quota_reservations
    SET status           = CASE p_operation WHEN 'CONFIRM' THEN 'CONFIRMED' WHEN 'CANCEL' THEN 'CANCELLED'
                                            WHEN 'RELEASE' THEN 'RELEASED' ELSE 'EXPIRED' END,
        confirmed_amount = IF(p_operation = 'CONFIRM', amount - p_amount, NULL),
        updated_at       = p_now
    WHERE reservation_id = p_reservation_id AND quota_id = p_quota_id AND status = 'HELD';

    IF p_kind = 'LEASE' THEN
        UPDATE tenant_quotas SET used_count = used_count - p_amount
        WHERE quota_id = p_quota_id AND used_count >= p_amount;
        SET p_lowered = IF(ROW_COUNT() > 0, p_amount, 0);
    ELSE
        CALL return_quota_units(p_quota_id, p_time_zone, p_operation, p_amount, p_period_start, p_charged_at,
                                p_biz_type, p_biz_id, p_product_code, '', p_reservation_id, p_origin_tenant_id,
                                p_now, p_lowered);
    END IF;
END
