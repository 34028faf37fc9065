-- What `tenant-quota demo` runs. A comment that stands alone is printed before what
-- follows it; one behind a statement says what the answer must be. 123 is the source's
-- placeholder for the quota's real id.

-- The event sleeps here, so that nothing closes a period behind the demo's back.
ALTER EVENT reset_due_quotas DISABLE;

-- SCENARIO 1. A channel's monthly quota.
INSERT INTO tenant_quotas (
  tenant_id, quota_type, limit_type, hard_limit,
  soft_limit, effective_time, product_codes
) VALUES (
  'CH_123', 'REDEEM_CODE', 'MONTHLY', 10000,
  8000, '2023-08-01 00:00:00',
  '["app_mall","wx_miniprogram"]'
);  -- 1 row

-- SCENARIO 2. Checked and charged in the client's own transaction.
START TRANSACTION;
SELECT hard_limit, used_count
FROM tenant_quotas
WHERE tenant_id = 'CH_123'
  AND quota_type = 'REDEEM_CODE'
  AND limit_type = 'MONTHLY'
FOR UPDATE;  -- hard_limit 10000, used_count 0
UPDATE tenant_quotas
SET used_count = used_count + 1
WHERE quota_id = 123
  AND used_count < hard_limit;  -- 1 row
INSERT INTO quota_usage_records (
  quota_id, tenant_id, operation_type,
  delta_value, current_used, biz_id, biz_type
) VALUES (
  123, 'CH_123', 'CONSUME',
  1, (SELECT used_count FROM tenant_quotas WHERE quota_id = 123),
  'order_789', 'REDEMPTION'
);  -- 1 row
COMMIT;

-- SCENARIO 3. The month is over (made so by the first statement): the use goes back to 0.
UPDATE tenant_quotas SET next_reset_time = NOW() WHERE quota_id = 123;  -- 1 row
UPDATE tenant_quotas
SET used_count = 0,
    reset_time = NOW(),
    next_reset_time = DATE_ADD(NOW(), INTERVAL 1 MONTH)
WHERE limit_type = 'MONTHLY'
  AND next_reset_time <= NOW();  -- 1 row
SELECT used_count FROM tenant_quotas WHERE quota_id = 123;  -- used_count 0

-- SCENARIO 4. apply has added the column and the procedure; two tokens, so the third call says no.
SHOW COLUMNS FROM tenant_quotas LIKE 'concurrent_tokens';  -- concurrent_tokens, int
INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, concurrent_tokens)
VALUES ('CH_123', 'REDEEM_CODE', 'CONCURRENT', 2, 2);  -- 1 row
CALL acquire_quota_token('CH_123', 'REDEEM_CODE', @first);
CALL acquire_quota_token('CH_123', 'REDEEM_CODE', @second);
CALL acquire_quota_token('CH_123', 'REDEEM_CODE', @third);
SELECT @first, @second, @third;  -- @first 1, @second 1, @third 0

-- SCENARIO 5. The view.
SELECT tenant_id, limit_type, used_count, hard_limit, usage_rate, status_level
FROM quota_usage_monitor
WHERE limit_type = 'CONCURRENT';  -- used_count 2, usage_rate 100.00, EXCEEDED

-- THE SAME BY PROCEDURE (each answers with a row; its main columns are shown).
-- A tenant and its monthly quota of 10; warn from 8.
CALL define_tenant('CH_7', 'Channel 7', '+08:00', NULL);  -- CREATED
CALL define_quota('CH_7', 'REDEEM_CODE', 'MONTHLY', 10, 8, NULL);  -- CREATED, remaining 10

-- One CALL checks, charges and records. The same key again charges nothing; too much is refused.
CALL consume_quota('CH_7', 'REDEEM_CODE', 8, 'ORDER', 'order_1', NULL);  -- GRANTED, remaining 2, OWN
CALL consume_quota('CH_7', 'REDEEM_CODE', 8, 'ORDER', 'order_1', NULL);  -- REPLAYED, used_count 8
CALL consume_quota('CH_7', 'REDEEM_CODE', 3, 'ORDER', 'order_2', NULL);  -- EXCEEDED, used_count 8
CALL check_quota('CH_7', 'REDEEM_CODE', 2, NULL);  -- GRANTED, remaining 0

-- Tokens that are given back.
CALL release_quota_token('CH_123', 'REDEEM_CODE', @released);
CALL acquire_quota_token('CH_123', 'REDEEM_CODE', @again);
SELECT @released, @again;  -- @released 1, @again 1

-- Tokens that flow back: a bucket of 2, one a second.
CALL define_quota('CH_7', 'API_CALL', 'RATE', 2, NULL, '{"refill_per_second": 1}');  -- CREATED
CALL consume_quota('CH_7', 'API_CALL', 2, NULL, NULL, NULL);  -- GRANTED, remaining 0
CALL consume_quota('CH_7', 'API_CALL', 2, NULL, NULL, NULL);  -- EXCEEDED
DO SLEEP(1.1);
CALL consume_quota('CH_7', 'API_CALL', 1, NULL, NULL, NULL);  -- GRANTED

-- A month is over again (made so by hand): what the event calls every minute closes it.
UPDATE tenant_quotas SET next_reset_time = '2024-02-01'
WHERE tenant_id = 'CH_7' AND limit_type = 'MONTHLY';  -- 1 row
CALL reset_due_quotas(100);  -- DONE, rows_done 1
CALL consume_quota('CH_7', 'REDEEM_CODE', 9, 'ORDER', 'order_2', NULL);  -- GRANTED, used_count 9

-- The event takes over.
ALTER EVENT reset_due_quotas ENABLE;
