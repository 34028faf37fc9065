-- consume_quota_batch: use units of several quotas in one call: all items, or none.
--
-- For a basket: different quota types, amounts and products of one tenant. Each item is
-- charged as consume_quota would, with a ledger row and a key of its own; items that were
-- charged before count as nothing, so the same batch again is answered REPLAYED, with
-- the limits as they stand. The whole batch is one transaction and one round trip.
--
--   p_tenant_id   who consumes
--   p_items       JSON text: an array of 1 to 1000 objects {quota_type, amount, biz_type, biz_id,
--                 product_code}; the last three may be left out or null
--
-- Answers  one row, as consume_quota, then item_index: the first item, from 0, that the limit
--          shown denied; NULL where none was
-- Raises   45001 invalid_argument, 45002 key_reused, 45003 clock_pinned
-- Source   DESIGN, section 3
-- Example  CALL consume_quota_batch('CH_123', '[{"quota_type": "REDEEM_CODE", "amount": 2}]');

CREATE PROCEDURE consume_quota_batch (
    IN p_tenant_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_items      LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Use units of several quotas in one call: all items, or none.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_items            JSON;  -- parsed once for all that read it
    DECLARE v_success          BOOLEAN;
    DECLARE v_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_limit_type       VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_hard_limit       BIGINT;
    DECLARE v_used_count       BIGINT;
    DECLARE v_remaining        BIGINT;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_retry_after_ms   BIGINT;
    DECLARE v_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_item_index       INT;

    CALL check_quota_name('p_tenant_id', p_tenant_id, 24);
    CALL check_quota_items(p_items, v_items);
    CALL charge_quota_batch(p_tenant_id, v_items, NULL,
                            v_success, v_status, v_quota_id, v_limit_type, v_hard_limit, v_used_count, v_remaining,
                            v_next_reset_time, v_retry_after_ms, v_transaction, v_item_index);

    SELECT v_success          AS success,
           v_status           AS status,
           v_quota_id         AS quota_id,
           v_limit_type       AS limit_type,
           v_hard_limit       AS hard_limit,
           v_used_count       AS used_count,
           v_remaining        AS remaining,
           v_next_reset_time  AS next_reset_time,
           v_retry_after_ms   AS retry_after_ms,
           v_transaction      AS `transaction`,
           v_item_index       AS item_index;
END
