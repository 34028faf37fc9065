-- charge_quota_batch: internal: charge many items of one tenant at once, or none of them.
--
-- As charge_quota, for sets: one look for the limits of each quota type, one lock of all
-- their rows by quota_id, one judgement of each limit by the sum of what the batch asks of
-- it, one statement for the whole ledger and one for all uses. Items that were charged
-- before count as nothing; where all were, the limits are shown as they now stand.
--
-- In a transaction of our own all items are taken to be new at first: the ledger's unique key
-- tells if one is not. Then, and where no INSERT would meet a key (a denial, a limit that is not
-- charged now) or a period is over, which a replay leaves alone, keys are looked for and
-- everything is judged once more, under the same locks.
--
--   p_tenant_id, p_items   as in consume_quota_batch, checked by the caller
--   p_now          UTC; NULL: the clock, read after the locks. Only tests name a time
--   p_success .. p_transaction   the answer's columns (DESIGN, section 3)
--   p_item_index   the first item that the limit shown denied, from 0; NULL: none
--
-- Raises   45002 key_reused, 45003 clock_pinned
-- Source   DESIGN, sections 3 to 5
-- Example  see consume_quota_batch

CREATE PROCEDURE charge_quota_batch (
    IN  p_tenant_id        VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_items            JSON,
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
    OUT p_item_index       INT
)
    COMMENT 'internal: charge many items of one tenant at once, or none of them.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_types              JSON;
    DECLARE v_at                 INT DEFAULT 0;
    DECLARE v_found              JSON;
    DECLARE v_limits             JSON DEFAULT JSON_ARRAY();
    DECLARE v_suspended          BOOLEAN;
    DECLARE v_fresh              JSON;
    DECLARE v_charges            JSON;
    DECLARE v_charged            INT;
    DECLARE v_alerts             JSON;
    DECLARE v_is_warning         BOOLEAN;  -- the use crosses the soft limit
    DECLARE v_is_done            BOOLEAN;
    DECLARE v_returned           BIGINT;
    DECLARE v_ended              INT;
    DECLARE v_shown_rank         INT;
    DECLARE v_is_unknown         BOOLEAN;  -- the shown limit's exact use
    DECLARE v_shown_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_shown_room         BIGINT;
    DECLARE v_is_known           BOOLEAN;  -- which of the keys were used before
    DECLARE v_is_refused         BOOLEAN DEFAULT FALSE;  -- by the ledger's unique key
    DECLARE v_first_status       VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'GRANTED';
    DECLARE v_first_index        INT;
    DECLARE v_must_know          BOOLEAN;  -- what to do hangs on which of the keys were
    DECLARE v_errno              INT;
    DECLARE v_now                DATETIME(6);
    DECLARE v_amount             BIGINT;   -- what the batch asks of this limit
    DECLARE v_uncovered          INT;      -- the first item that this limit does not cover
    -- one limit's row
    DECLARE v_quota_type         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_quota_id           BIGINT UNSIGNED;
    DECLARE v_time_zone          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_tenant_id          VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_limit_type         VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_hard_limit         BIGINT;
    DECLARE v_soft_limit         BIGINT;
    DECLARE v_used_count         BIGINT;
    DECLARE v_effective_time     DATETIME;
    DECLARE v_expire_time        DATETIME;
    DECLARE v_product_codes      JSON;
    DECLARE v_period_anchor      DATETIME;
    DECLARE v_next_reset_time    DATETIME;
    DECLARE v_refill_per_second  DECIMAL(18,6);
    DECLARE v_refilled_at        DATETIME(6);
    DECLARE v_enforcement        VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_slot_count         INT;
    DECLARE v_has_slices         BOOLEAN;  -- some of used_count may be in slots, unspent
    -- what judge_quota_limit says of it
    DECLARE v_verdict            VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_charged         BOOLEAN;
    DECLARE v_capacity           BIGINT;
    DECLARE v_used               BIGINT;
    DECLARE v_shift              BIGINT;
    DECLARE v_ceiling            BIGINT;
    DECLARE v_state              VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_period_start       DATETIME;
    DECLARE v_period_end         DATETIME;
    DECLARE v_retry_after_ms     BIGINT;

    DECLARE c_limits CURSOR FOR
        SELECT l.quota_id, l.time_zone, q.tenant_id, q.quota_type, q.limit_type, q.hard_limit, q.soft_limit,
               q.used_count, q.effective_time, q.expire_time, q.product_codes, q.period_anchor,
               q.next_reset_time, q.refill_per_second, q.refilled_at, q.enforcement, q.slot_count
        FROM (SELECT quota_id, time_zone
              FROM JSON_TABLE(v_limits, '$[*]' COLUMNS (
                  quota_id   BIGINT UNSIGNED PATH '$.quota_id',
                  time_zone  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.time_zone')) AS found
              ORDER BY quota_id
              LIMIT 1000000) AS l
        STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = l.quota_id
        FOR UPDATE OF q;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_is_done = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET CURRENT DIAGNOSTICS CONDITION 1 v_errno = MYSQL_ERRNO;
        CALL abandon_quota_transaction(p_transaction, v_errno);
        RESIGNAL;
    END;

    CALL guard_quota_session();
    CALL open_quota_transaction(p_transaction);
    SELECT JSON_ARRAYAGG(JSON_OBJECT('quota_type', quota_type, 'number', number)) INTO v_types
    FROM (SELECT quota_type, MIN(number) AS number
          FROM JSON_TABLE(p_items, '$[*]' COLUMNS (
              number      FOR ORDINALITY,
              quota_type  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type')) AS item
          GROUP BY quota_type) AS of_type;
    WHILE v_at < JSON_LENGTH(v_types) DO
        SET v_quota_type = JSON_UNQUOTE(JSON_EXTRACT(v_types, CONCAT('$[', v_at, '].quota_type')));
        CALL find_quota_limits(p_tenant_id, v_quota_type, 'CONSUME', p_transaction, v_found, v_suspended);
        IF v_suspended OR JSON_LENGTH(v_found) = 0 THEN
            SET v_first_status = IF(v_suspended, 'SUSPENDED', 'NO_QUOTA');
            SET v_first_index = LEAST(COALESCE(v_first_index, 1000),
                                      JSON_EXTRACT(v_types, CONCAT('$[', v_at, '].number')) - 1);
        END IF;
        SET v_limits = JSON_MERGE_PRESERVE(v_limits, v_found), v_at = v_at + 1;
    END WHILE;

    CALL lock_quota_rows(JSON_EXTRACT(v_limits, '$[*].quota_id'));
    SET v_now = COALESCE(p_now, UTC_TIMESTAMP(6));
    SET v_is_known = p_transaction <> 'OWN' OR v_first_status <> 'GRANTED';

    judge_all: LOOP
        SET p_success = v_first_status = 'GRANTED', p_status = v_first_status, p_item_index = v_first_index;
        SET p_quota_id = NULL, p_limit_type = NULL, p_hard_limit = NULL, p_used_count = NULL, p_remaining = NULL;
        SET p_next_reset_time = NULL, p_retry_after_ms = NULL, v_shown_rank = NULL, v_shown_type = NULL;
        SET v_charges = JSON_ARRAY(), v_charged = 0, v_alerts = NULL, v_fresh = p_items;
        SET v_is_done = FALSE, v_is_unknown = FALSE, v_must_know = FALSE;
        IF v_is_known THEN
            CALL find_batch_replays(p_tenant_id, p_items, v_limits, v_fresh);
            IF JSON_LENGTH(JSON_EXTRACT(v_fresh, '$[*].number')) IS NULL THEN
                SET p_success = TRUE, p_status = 'REPLAYED', p_item_index = NULL;
            END IF;
        END IF;

        OPEN c_limits;
        each_limit: LOOP
            FETCH c_limits INTO v_quota_id, v_time_zone, v_tenant_id, v_quota_type, v_limit_type, v_hard_limit,
                                v_soft_limit, v_used_count, v_effective_time, v_expire_time, v_product_codes,
                                v_period_anchor, v_next_reset_time, v_refill_per_second, v_refilled_at, v_enforcement,
                                v_slot_count;
            IF v_is_done THEN
                LEAVE each_limit;
            END IF;

            SELECT LEAST(SUM(IF(is_covered, amount, 0)), 9223372036854775807), MIN(IF(is_covered, NULL, number))
            INTO v_amount, v_uncovered
            FROM (SELECT COALESCE(number, place) AS number, amount, v_product_codes IS NULL
                         OR COALESCE(product_code MEMBER OF (v_product_codes), FALSE) AS is_covered
                  FROM JSON_TABLE(v_fresh, '$[*]' COLUMNS (
                      place         FOR ORDINALITY,
                      number        INT PATH '$.number',
                      quota_type    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                      amount        BIGINT PATH '$.amount',
                      product_code  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')
                  ) AS item
                  WHERE quota_type = v_quota_type) AS asked;
            SET v_must_know = v_must_know OR v_product_codes IS NOT NULL OR v_enforcement <> 'ENFORCE'
                              OR v_limit_type = 'RATE';
            IF p_status = 'REPLAYED' THEN
                SET v_amount = 0;
            ELSEIF v_amount IS NULL OR (v_enforcement = 'SHADOW' AND v_amount = 0) THEN
                ITERATE each_limit;
            END IF;

            SET v_has_slices = v_slot_count > 0;
            judge: LOOP
                CALL judge_quota_limit(v_now, v_time_zone, v_amount, NULL, 'CONSUME',
                                       v_limit_type, v_hard_limit, v_used_count, v_effective_time, v_expire_time,
                                       NULL, v_period_anchor, v_next_reset_time, v_refill_per_second,
                                       v_refilled_at, v_enforcement, NULL,
                                       v_verdict, v_is_charged, v_capacity, v_used, v_shift, v_ceiling, v_refilled_at,
                                       v_state, v_period_start, v_period_end, v_retry_after_ms);
                IF NOT v_is_known AND (v_state <> 'OPEN' OR v_verdict <> 'GRANTED') THEN
                    SET v_must_know = TRUE;
                    LEAVE each_limit;
                END IF;
                IF v_state <> 'OPEN' THEN
                    CALL settle_quota_period(v_quota_id, v_time_zone, v_now, v_state);
                    SET v_used_count = v_used, v_next_reset_time = v_period_end;
                END IF;
                IF p_status = 'REPLAYED' THEN
                    SET v_verdict = 'GRANTED', v_is_charged = FALSE;
                END IF;
                SET v_is_warning = COALESCE(v_is_charged AND v_used < v_soft_limit
                                            AND v_used >= v_soft_limit - v_amount, FALSE);
                SET v_returned = 0;
                IF v_has_slices AND (v_verdict = 'EXCEEDED' OR v_is_warning) THEN
                    CALL collect_quota_slots(v_quota_id, v_returned);
                    SET v_has_slices = FALSE, v_used_count = v_used_count - v_returned;
                END IF;
                IF v_returned = 0 AND v_verdict = 'EXCEEDED' AND v_limit_type <> 'RATE' THEN
                    CALL expire_quota_holds(v_quota_id, v_time_zone, v_now, FALSE, v_returned, v_ended);
                    SET v_used_count = v_used_count - v_returned;
                END IF;
                IF v_returned = 0 THEN
                    LEAVE judge;
                END IF;
            END LOOP;
            IF v_verdict IN ('GRANTED', 'EXCEEDED') AND v_enforcement = 'ENFORCE' AND v_uncovered IS NOT NULL THEN
                SET v_verdict = 'PRODUCT_NOT_COVERED', v_is_charged = FALSE, v_is_warning = FALSE,
                    v_retry_after_ms = NULL;
            END IF;
            IF v_verdict = 'EXCEEDED' OR v_is_warning THEN
                SET v_alerts = JSON_ARRAY_APPEND(COALESCE(v_alerts, JSON_ARRAY()), '$', JSON_OBJECT(
                    'quota_id', v_quota_id, 'is_denial', v_verdict = 'EXCEEDED', 'is_warning', v_is_warning,
                    'used', v_used + IF(v_is_charged, v_amount, 0),
                    'period_start', CASE WHEN v_period_start IS NOT NULL THEN v_period_start
                                         WHEN v_limit_type = 'TOTAL' THEN '1000-01-01'
                                         ELSE DATE(v_now) END));
            END IF;

            CALL show_quota_limit(v_quota_id, v_limit_type, v_hard_limit, v_enforcement, v_verdict, v_capacity,
                                  v_used + IF(v_is_charged, v_amount, 0), v_period_end, v_retry_after_ms, v_shown_rank,
                                  p_success, p_status, p_quota_id, p_limit_type, p_hard_limit, p_used_count,
                                  p_remaining, p_next_reset_time, p_retry_after_ms);
            SET v_is_unknown = IF(p_quota_id = v_quota_id, v_has_slices, v_is_unknown);
            IF NOT p_success AND p_quota_id = v_quota_id THEN
                SET v_shown_type = v_quota_type, v_shown_room = v_capacity - v_used;
                SET p_item_index = IF(v_verdict = 'PRODUCT_NOT_COVERED', v_uncovered - 1, NULL);
            END IF;
            SET v_charged = v_charged + v_is_charged;
            SET v_charges = JSON_ARRAY_APPEND(v_charges, '$', JSON_OBJECT(
                'quota_id', v_quota_id, 'tenant_id', v_tenant_id, 'quota_type', v_quota_type,
                'is_charged', v_is_charged, 'is_counted', v_limit_type <> 'RATE',
                'used', IF(v_has_slices, NULL, v_used),
                'amount', v_amount, 'product_codes', v_product_codes, 'period_start', v_period_start, 'shift', v_shift,
                'ceiling', v_ceiling, 'refilled_at', v_refilled_at));
        END LOOP;
        CLOSE c_limits;
        IF v_is_unknown THEN
            SET p_used_count = NULL, p_remaining = NULL;
        END IF;

        IF v_must_know AND NOT v_is_known THEN
            SET v_is_known = TRUE;
            ITERATE judge_all;
        END IF;

        IF p_status = 'GRANTED' THEN
            BEGIN
                DECLARE EXIT HANDLER FOR 1062 SET v_is_refused = TRUE;
                INSERT INTO quota_usage_records
                    (quota_id, tenant_id, operation_type, delta_value, current_used, biz_id, biz_type, product_code,
                     period_start, origin_tenant_id, created_at)
                SELECT charge.quota_id, charge.tenant_id, 'CONSUME', item.amount,
                       charge.used + SUM(item.amount) OVER (PARTITION BY charge.quota_id
                                                            ORDER BY COALESCE(item.number, item.place)),
                       item.biz_id, item.biz_type, item.product_code, charge.period_start,
                       IF(charge.tenant_id = p_tenant_id, '', p_tenant_id), v_now
                FROM JSON_TABLE(v_charges, '$[*]' COLUMNS (
                    quota_id       BIGINT UNSIGNED PATH '$.quota_id',
                    tenant_id      VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.tenant_id',
                    quota_type     VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                    is_charged     BOOLEAN  PATH '$.is_charged',
                    is_counted     BOOLEAN  PATH '$.is_counted',
                    used           BIGINT   PATH '$.used',
                    product_codes  JSON     PATH '$.product_codes',
                    period_start   DATETIME PATH '$.period_start')) AS charge
                STRAIGHT_JOIN JSON_TABLE(v_fresh, '$[*]' COLUMNS (
                    place         FOR ORDINALITY,
                    number        INT PATH '$.number',
                    quota_type    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                    amount        BIGINT PATH '$.amount',
                    biz_type      VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_type',
                    biz_id        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.biz_id',
                    product_code  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.product_code')
                ) AS item
                    ON item.quota_type = charge.quota_type
                WHERE charge.is_counted AND charge.is_charged
                  AND (charge.product_codes IS NULL
                       OR COALESCE(item.product_code MEMBER OF (charge.product_codes), FALSE));
            END;
            IF v_is_refused THEN
                IF v_is_known THEN
                    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
                        'internal: the ledger refused a key that it does not hold; nothing was charged; call again';
                END IF;
                SET v_is_known = TRUE, v_is_refused = FALSE;
                ITERATE judge_all;
            END IF;

            UPDATE JSON_TABLE(v_charges, '$[*]' COLUMNS (
                    quota_id     BIGINT UNSIGNED PATH '$.quota_id',
                    is_charged   BOOLEAN     PATH '$.is_charged',
                    amount       BIGINT      PATH '$.amount',
                    shift        BIGINT      PATH '$.shift',
                    ceiling      BIGINT      PATH '$.ceiling',
                    refilled_at  DATETIME(6) PATH '$.refilled_at')) AS charge
            STRAIGHT_JOIN tenant_quotas AS q FORCE INDEX (PRIMARY) ON q.quota_id = charge.quota_id
            SET q.used_count  = q.used_count + charge.shift + charge.amount,
                q.refilled_at = charge.refilled_at
            WHERE charge.is_charged
              AND (charge.ceiling IS NULL OR q.used_count + charge.shift <= charge.ceiling - charge.amount);
            IF ROW_COUNT() <> v_charged THEN
                SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
                    'internal: a quota changed under its own lock; nothing was charged; please report this';
            END IF;
        ELSEIF p_item_index IS NULL AND v_shown_type IS NOT NULL THEN
            SELECT MIN(number) - 1 INTO p_item_index
            FROM (SELECT number, SUM(amount) OVER (ORDER BY number) AS asked
                  FROM JSON_TABLE(v_fresh, '$[*]' COLUMNS (
                      number      INT PATH '$.number',
                      quota_type  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.quota_type',
                      amount      BIGINT PATH '$.amount')) AS item
                  WHERE quota_type = v_shown_type) AS running
            WHERE asked > v_shown_room OR p_status <> 'EXCEEDED';
        END IF;
        LEAVE judge_all;
    END LOOP;
    IF v_alerts IS NOT NULL AND p_status <> 'SUSPENDED' THEN  -- no limit denied that
        CALL record_quota_alerts(v_alerts, p_success, v_now);
    END IF;

    CALL close_quota_transaction(p_transaction);
END
