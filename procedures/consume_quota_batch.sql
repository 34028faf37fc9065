-- consume_quota_batch: use units of several quotas in one call: all items, or none.
--
-- For a basket: different quota types, amounts and products of one tenant. Each item is charged as
-- consume_quota would, with a ledger row and a key of its own; items that were charged before count
-- as nothing, so the same batch again is answered REPLAYED, with the limits as they stand. The whole
-- batch is one transaction and one round trip. All items are taken for new until the ledger's unique
-- key or a denial says otherwise. The quota types are charged in the order of their names; the first
-- that denies is the one shown.
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
    DECLARE v_items            JSON;
    DECLARE v_fresh            JSON;               -- those to charge; NULL: none
    DECLARE v_turn             INT DEFAULT 0;      -- from 1 on v_fresh holds new items only
    DECLARE v_status           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_type       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_used_count       BIGINT;
    DECLARE v_next_reset_time  DATETIME;
    DECLARE v_retry_after_ms   BIGINT;
    DECLARE v_transaction      VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_item_index       INT;
    DECLARE v_amount           DECIMAL(25);
    DECLARE v_products         JSON;
    DECLARE v_part             VARCHAR(8)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'PART';
    DECLARE v_parts            TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_hold_id          CHAR(36)    CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_denial           VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_denied_id        BIGINT UNSIGNED;
    DECLARE v_use, v_wait      BIGINT;
    DECLARE v_repeats          BOOLEAN;
    DECLARE v_time             DATETIME;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL end_quota_transaction(v_transaction, FALSE);
        RESIGNAL;
    END;

    CALL check_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
    CALL check_quota_items(p_items, v_items);
    CALL guard_quota_session(TRUE);
    CALL open_quota_transaction(v_transaction);
    SELECT COUNT(biz_id) > COUNT(DISTINCT quota_type, biz_type, biz_id) INTO v_repeats
    FROM JSON_TABLE(v_items, '$[*]' COLUMNS (
        quota_type  VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
        biz_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
        biz_id      VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id')) AS i;
    each_turn: LOOP
        SET v_fresh = v_items;
        IF v_turn > 0 OR v_repeats THEN
            CALL end_quota_transaction(v_transaction, FALSE);
            CALL open_quota_transaction(v_transaction);
            IF v_transaction = 'JOINED' THEN  -- lock the quotas as charging does; what that closes is undone
                -- A savepoint that is older than InnoDB's part in the transaction would give up the locks.
                SELECT COUNT(*) INTO v_use FROM tenants WHERE tenant_id = p_tenant_id FOR SHARE;
                SAVEPOINT tenant_quota_look;
                CALL charge_quota_batch(p_tenant_id, v_items, TRUE, v_status, v_quota_type,
                                        v_quota_id, v_used_count, v_next_reset_time, v_retry_after_ms);
                ROLLBACK TO SAVEPOINT tenant_quota_look;
            END IF;
            CALL find_fresh_items(p_tenant_id, v_fresh);
        END IF;
        BEGIN
            DECLARE EXIT HANDLER FOR 1213
            BEGIN  -- as in charge_quota
                IF v_transaction <> 'OWN' OR v_turn > 20 THEN
                    CALL end_quota_transaction(v_transaction, FALSE);
                    RESIGNAL;
                END IF;
                SET v_status = NULL;
            END;
            CALL charge_quota_batch(p_tenant_id, COALESCE(v_fresh, v_items), v_fresh IS NULL, v_status, v_quota_type,
                                    v_quota_id, v_used_count, v_next_reset_time, v_retry_after_ms);
        END;
        IF v_status IN ('GRANTED', 'REPLAYED') OR v_status IS NOT NULL AND v_turn > 0 AND v_fresh IS NOT NULL THEN
            LEAVE each_turn;
        END IF;
        SET v_turn = v_turn + 1;
    END LOOP;

    IF v_status NOT IN ('GRANTED', 'REPLAYED') THEN
        -- Undo what other types were charged; the alerts of the denial are written anew.
        CALL end_quota_transaction(v_transaction, FALSE);
        CALL open_quota_transaction(v_transaction);
        SAVEPOINT tenant_quota_part;
        SELECT LEAST(SUM(amount), 9223372036854775807), JSON_ARRAYAGG(product_code) INTO v_amount, v_products
        FROM JSON_TABLE(v_fresh, '$[*]' COLUMNS (
            quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
            amount        BIGINT PATH '$.amount',
            product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')) AS i
        WHERE quota_type = v_quota_type;
        CALL sort_out_quota_call('BATCH', 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL,RATE', p_tenant_id,
                                 v_quota_type, v_amount, NULL, NULL, v_products, v_part, 1, v_parts, v_hold_id,
                                 v_denial, v_denied_id, v_use, v_time, v_wait);
        IF v_denial IS NOT NULL THEN  -- without what is undone
            SET v_status = v_denial, v_quota_id = v_denied_id, v_used_count = v_use, v_retry_after_ms = v_wait;
        END IF;
        SELECT MIN(n) INTO v_item_index
        FROM (SELECT n, quota_type, product_code, SUM(amount) OVER (PARTITION BY quota_type ORDER BY n) AS asked
              FROM JSON_TABLE(v_fresh, '$[*]' COLUMNS (
                  n             INT PATH '$.n',
                  quota_type    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                  amount        BIGINT PATH '$.amount',
                  product_code  VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')
              ) AS i) AS item
        LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id
        WHERE v_status = 'SUSPENDED' OR item.quota_type = v_quota_type AND CASE v_status
                  WHEN 'EXCEEDED' THEN item.asked > q.hard_limit - v_used_count
                  WHEN 'PRODUCT_NOT_COVERED' THEN NOT COALESCE(item.product_code MEMBER OF (q.product_codes), FALSE)
                  ELSE TRUE END;
    END IF;
    CALL end_quota_transaction(v_transaction, TRUE);

    SELECT v_status IN ('GRANTED', 'REPLAYED')  AS success,
           v_status                             AS status,
           v_quota_id                           AS quota_id,
           q.limit_type,
           q.hard_limit,
           v_used_count                         AS used_count,
           GREATEST(q.hard_limit - v_used_count, 0) AS remaining,
           q.next_reset_time,
           v_retry_after_ms                     AS retry_after_ms,
           v_transaction                        AS `transaction`,
           v_item_index                         AS item_index
    FROM (SELECT 1) AS one
    LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
