-- consume_quota_batch: use units of several quotas in one call: all items, or none.
--
-- Each item is charged as consume_quota would, with a ledger row and a key of its own. Items that were charged before
-- count as nothing: the same batch again is REPLAYED, with the limits as they stand. The quota types are charged in
-- the order of their names; the first that denies is the one shown. Its limits are then told of all its items as one:
-- a SHADOW limit that is for some of their products only writes no alert.
--
--   p_tenant_id   who consumes
--   p_items       JSON text: an array of 1 to 1000 objects {quota_type, amount, biz_type, biz_id, product_code}; the
--                 last three may be left out or null
--
-- Answers  one row, as consume_quota, then item_index: the first item, from 0, that the limit shown denied, or NULL
-- Raises   45001 invalid_argument, 45002 key_reused, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL consume_quota_batch('CH_123', '[{"quota_type": "REDEEM_CODE", "amount": 2}]');

CREATE PROCEDURE consume_quota_batch (
    IN p_tenant_id  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_items      LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'Use units of several quotas in one call: all items, or none.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_items, v_fresh, v_products JSON;  -- fresh: those to charge; NULL: none
    DECLARE v_by_product       BOOLEAN;
    DECLARE v_turn, v_item_index INT;           -- turn: from 2 on v_fresh holds new items only
    DECLARE v_status, v_quota_type, v_transaction  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id         BIGINT UNSIGNED;
    DECLARE v_used_count, v_retry_after_ms, v_amount BIGINT;
    DECLARE v_time             DATETIME;
    DECLARE v_ignored          TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL undo_quota_transaction(v_transaction);
        RESIGNAL;
    END;

    CALL validate_quota_argument('p_tenant_id', p_tenant_id, NULL, 64);
    CALL read_quota_items(p_items, NULL, v_items);
    -- A SHADOW limit that is not in force now may be the only one whose ledger knows a key: look first. This
    -- read also begins InnoDB's part in the caller's transaction. A savepoint older than that gives up the locks.
    WITH RECURSIVE level AS (
        SELECT p_tenant_id AS tenant_id, 1 AS depth
        UNION ALL
        SELECT t.parent_tenant_id, depth + 1 FROM level JOIN tenants AS t USING (tenant_id)
        WHERE t.parent_tenant_id IS NOT NULL AND depth < 64)
    SELECT COUNT(q.product_codes) > 0, COUNT(*) > 0 INTO v_by_product, v_turn
    FROM level JOIN tenant_quotas AS q USING (tenant_id)
    WHERE q.enforcement = 'SHADOW'
      AND (q.product_codes IS NOT NULL OR q.effective_time IS NOT NULL OR q.expire_time IS NOT NULL);
    REPEAT
        SET v_turn = v_turn + 1, v_fresh = v_items;
        CALL undo_quota_transaction(v_transaction);
        CALL open_quota_transaction(v_transaction);
        BEGIN
            DECLARE EXIT HANDLER FOR 1213
            BEGIN  -- as in charge_quota
                IF v_transaction <> 'OWN' OR v_turn > 20 THEN
                    RESIGNAL;
                END IF;
                SET v_status = NULL;
            END;
            IF v_transaction = 'JOINED' AND v_turn = 1 THEN  -- a key that the ledger refuses locks the gap before it
                SELECT 1 + (COUNT(*) > 0) INTO v_turn
                FROM JSON_TABLE(v_items, '$[*]' COLUMNS (
                    quota_type VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                    biz_type   VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
                    biz_id     VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id')) AS i
                JOIN tenant_quotas AS q ON q.tenant_id = p_tenant_id AND q.quota_type = i.quota_type
                JOIN quota_usage_records AS r
                    ON r.quota_id = q.quota_id AND r.biz_type = i.biz_type AND r.biz_id = i.biz_id;
            END IF;
            IF v_turn > 1 THEN
                IF v_transaction = 'JOINED' THEN  -- lock the quotas as charging does; what that closes is undone
                    SAVEPOINT tenant_quota_look;
                    CALL charge_quota_items(p_tenant_id, v_items, v_by_product, TRUE, v_status, v_quota_type,
                                            v_quota_id, v_used_count);
                    ROLLBACK TO SAVEPOINT tenant_quota_look;
                END IF;
                CALL read_quota_items(p_items, p_tenant_id, v_fresh);
            END IF;
            CALL charge_quota_items(p_tenant_id, COALESCE(v_fresh, v_items), v_by_product, v_fresh IS NULL, v_status,
                                    v_quota_type, v_quota_id, v_used_count);
            IF v_status IS NULL AND v_turn > 20 THEN
                SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
                    'internal: a key of the batch was refused at each attempt; nothing was charged; call again';
            ELSEIF v_turn > 1 AND v_status NOT IN ('GRANTED', 'REPLAYED') THEN
                -- Undo it all, and judge this type as a whole, without what is undone; NULL: charge again.
                SELECT LEAST(SUM(amount), 9223372036854775807), JSON_ARRAYAGG(product_code) INTO v_amount, v_products
                FROM JSON_TABLE(v_fresh, '$[*]' COLUMNS (
                    amount BIGINT PATH '$.amount', product_code JSON PATH '$.product_code',
                    quota_type VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type')) AS i
                WHERE quota_type = v_quota_type;
                CALL sort_out_quota_call('BATCH', 'HOURLY,DAILY,WEEKLY,MONTHLY,QUARTERLY,YEARLY,TOTAL,RATE',
                                         p_tenant_id, v_quota_type, v_amount, NULL, NULL, v_products, v_transaction,
                                         v_turn, v_ignored, v_ignored, v_status, v_quota_id, v_used_count, v_time,
                                         v_retry_after_ms);
            END IF;
        END;
    UNTIL v_status IN ('GRANTED', 'REPLAYED') OR v_status IS NOT NULL AND v_turn > 1 END REPEAT;

    IF v_status NOT IN ('GRANTED', 'REPLAYED') THEN
        SELECT MIN(n) INTO v_item_index
        FROM (SELECT n, quota_type, product_code, SUM(amount) OVER (PARTITION BY quota_type ORDER BY n) AS asked
              FROM JSON_TABLE(v_fresh, '$[*]' COLUMNS (
                  n INT PATH '$.n', amount BIGINT PATH '$.amount', product_code JSON PATH '$.product_code',
                  quota_type VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type')) AS i
             ) AS item
        LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id
        WHERE v_status = 'SUSPENDED' OR item.quota_type = v_quota_type AND CASE v_status
                  WHEN 'EXCEEDED' THEN item.asked > q.hard_limit - v_used_count
                  WHEN 'PRODUCT_NOT_COVERED' THEN NOT COALESCE(item.product_code MEMBER OF (q.product_codes), FALSE)
                  ELSE TRUE END;
    END IF;
    CALL keep_quota_transaction(v_transaction);

    SELECT v_status IN ('GRANTED', 'REPLAYED') AS success, v_status AS status, v_quota_id AS quota_id, q.limit_type,
           q.hard_limit, v_used_count AS used_count, GREATEST(q.hard_limit - v_used_count, 0) AS remaining,
           q.next_reset_time, v_retry_after_ms AS retry_after_ms, v_transaction AS `transaction`,
           v_item_index AS item_index
    FROM (SELECT 1) AS one LEFT JOIN tenant_quotas AS q ON q.quota_id = v_quota_id;
END
