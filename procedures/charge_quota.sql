-- charge_quota: internal: take what a call asks for, of all its limits or of none.
--
-- In a transaction of our own or in the caller's. Consumptions come by way of
-- charge_quota_consumption, which has a shorter one for the common case.
--
--   p_operation     RESERVE (counted limits, held until a time); ACQUIRE and LEASE (tokens: one
--                   unit, no ledger, no products; a lease is held until a time); CONSUME
--   p_tenant_id .. p_product_code   as in consume_quota, checked by the caller
--   p_ttl_seconds, p_holder   RESERVE, LEASE: for how long, and for whom
--   p_now           UTC; NULL: the clock, read after the locks. Only tests name a time
--   p_success .. p_expires_at       the answer's columns (DESIGN, section 3)
--
-- Raises   45001 invalid_argument, 45002 key_reused, 45003 clock_pinned
-- Source   DESIGN, sections 3 to 5
-- Example  see reserve_quota

CREATE PROCEDURE charge_quota (
    IN  p_operation        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_type       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_amount           BIGINT,
    IN  p_biz_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_ttl_seconds      INT,
    IN  p_holder           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_now              DATETIME(6),
    OUT p_success          BOOLEAN,
    OUT p_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_quota_id         BIGINT UNSIGNED,
    OUT p_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_hard_limit       BIGINT,
    OUT p_used_count       BIGINT,
    OUT p_remaining        BIGINT,
    OUT p_next_reset_time  DATETIME,
    OUT p_retry_after_ms   BIGINT,
    OUT p_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_reservation_id   CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_expires_at       DATETIME(6)
)
    COMMENT 'internal: take what a call asks for, of all its limits or of none.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_errno  INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(p_transaction, v_errno);
        RESIGNAL;
    END;

    CALL guard_quota_session();
    CALL open_quota_transaction(p_transaction);
    CALL charge_quota_limits(p_operation, p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id,
                             p_product_code, p_ttl_seconds, p_holder, p_now, p_transaction,
                             p_success, p_status, p_quota_id, p_limit_type, p_hard_limit, p_used_count,
                             p_remaining, p_next_reset_time, p_retry_after_ms, p_reservation_id, p_expires_at);
    CALL close_quota_transaction(p_transaction);
END
