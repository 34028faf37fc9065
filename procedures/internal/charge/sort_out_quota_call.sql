-- sort_out_quota_call: internal: find out why a call cannot simply be charged, and what to do.
--
-- Undoes what the attempt did, then goes through all levels with nothing charged. It closes periods that are over,
-- takes back holds and slices where they are needed, and looks for the call's key among earlier charges. Then a limit
-- denies, or an alert is due, or nothing stands in the way any more. Our own transaction's first round takes no locks.
--
--   p_operation .. p_product_code   as in charge_quota; p_kinds: the limit types to look at; p_operation CHECK: write
--                   nothing; SETTLE: only close periods
--   p_transaction, p_attempt   of charge_quota; from the second attempt on the rows are locked
--   p_parts         JSON, by level: the limit types that take part; NULL: all do
--   p_hold_id       afterwards: of a replay; NULL for a denial
--   p_status        the answer; NULL: charge again (CHECK: GRANTED)
--   p_quota_id .. p_retry_after_ms   of the limit that denies for longest, else of the tightest one
--
-- Raises   45001 invalid_argument (unknown zone, ancestors in a circle), 45002 key_reused, 45000
-- Source   docs/design.md, sections 3 to 7

CREATE PROCEDURE sort_out_quota_call (
    IN    p_operation        VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_kinds            VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_tenant_id        VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_quota_type       VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_amount           BIGINT,
    IN    p_biz_type         VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_biz_id           VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_product_code     LONGTEXT     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_transaction      VARCHAR(8)   CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN    p_attempt          INT,
    OUT   p_parts            TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    INOUT p_hold_id          CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_status           VARCHAR(24)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT   p_quota_id         BIGINT UNSIGNED,
    OUT   p_used_count       BIGINT,
    OUT   p_next_reset_time  DATETIME,
    OUT   p_retry_after_ms   BIGINT
)
    COMMENT 'internal: find out why a call cannot simply be charged, and what to do.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_level_id      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT p_tenant_id;
    DECLARE v_parent_id, v_time_zone, v_state  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_taken_back    TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT '';
    DECLARE v_is_judging    BOOLEAN DEFAULT p_operation = 'CHECK';
    DECLARE v_is_locking    BOOLEAN DEFAULT p_operation <> 'CHECK' AND (p_transaction <> 'OWN' OR p_attempt > 1);
    DECLARE v_is_suspended  BOOLEAN DEFAULT FALSE;
    DECLARE v_is_active, v_is_replay, v_is_told  BOOLEAN;  -- told: an alert of a limit that is not charged
    DECLARE v_depth         INT DEFAULT 0;
    DECLARE v_shown_by      DECIMAL(30);
    DECLARE v_due_id, v_short_id, v_units, v_holds  BIGINT UNSIGNED;
    DECLARE v_level         JSON;
    DECLARE v_judged        JSON DEFAULT JSON_ARRAY();
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    IF NOT v_is_judging THEN
        CALL undo_quota_transaction(p_transaction);
        CALL open_quota_transaction(p_transaction);
    END IF;
    IF p_biz_id IS NOT NULL THEN
        CALL find_quota_replay(p_operation, p_kinds, p_tenant_id, p_quota_type, p_amount, p_biz_type, p_biz_id,
                               p_product_code, IF(p_transaction = 'JOINED' AND p_attempt = 1, 'LOOK', p_transaction),
                               v_is_replay, p_hold_id, p_quota_id, p_used_count, p_next_reset_time);
    END IF;
    WHILE v_level_id IS NOT NULL  -- where the ledger refused the key, its gap is locked: wait for no quota with it
          AND NOT COALESCE(v_is_replay AND p_transaction = 'JOINED' AND p_attempt > 1, FALSE) DO
        SET v_parent_id = NULL, v_time_zone = @@GLOBAL.time_zone, v_is_active = TRUE, v_depth = v_depth + 1;
        IF v_is_locking THEN  -- before its quotas, as define_tenant does: the zone stays
            SELECT parent_tenant_id, IF(time_zone = 'SYSTEM', v_time_zone, time_zone), status = 'ACTIVE'
            INTO v_parent_id, v_time_zone, v_is_active FROM tenants WHERE tenant_id = v_level_id FOR SHARE;
        ELSE
            SELECT parent_tenant_id, IF(time_zone = 'SYSTEM', v_time_zone, time_zone), status = 'ACTIVE'
            INTO v_parent_id, v_time_zone, v_is_active FROM tenants WHERE tenant_id = v_level_id;
        END IF;
        SET v_is_suspended = v_is_suspended OR NOT v_is_active AND p_operation <> 'SETTLE';
        IF v_depth > 64 THEN
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                'invalid_argument: the tenant''s ancestors run in a circle; mend tenants.parent_tenant_id';
        END IF;
        REPEAT
            CALL judge_quota_level(p_kinds, v_level_id, v_time_zone, p_quota_type, p_amount, IF(
                p_operation IN ('TOKEN', 'LEASE', 'BATCH', 'SETTLE'), p_product_code, COALESCE(JSON_QUOTE(
                p_product_code) COLLATE utf8mb4_0900_bin, 'null')), v_is_locking, v_taken_back, v_level);
            -- A caller's snapshot may be older than what holds and slots have now: take back in any case.
            SELECT MIN(IF(is_due, quota_id, NULL)), MIN(IF(is_short OR p_transaction <> 'OWN' AND NOT FIND_IN_SET(
                       quota_id, v_taken_back) AND (has_slots AND is_alert OR verdict = 'EXCEEDED' AND may_fit AND (
                       has_slots OR p_operation IN ('RESERVE', 'LEASE'))), quota_id, NULL)),
                   MAX(is_alert AND NOT takes_part)
            INTO v_due_id, v_short_id, v_is_told
            FROM JSON_TABLE(v_level, '$[*]' COLUMNS (
                quota_id BIGINT UNSIGNED PATH '$.quota_id', is_due BOOLEAN PATH '$.is_due',
                is_short BOOLEAN PATH '$.is_short', is_alert BOOLEAN PATH '$.is_alert',
                takes_part BOOLEAN PATH '$.takes_part', has_slots BOOLEAN PATH '$.has_slots',
                may_fit BOOLEAN PATH '$.may_fit',
                verdict VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.verdict')) AS j;
            IF v_is_judging THEN
                SET v_due_id = NULL, v_short_id = NULL;
            ELSEIF NOT v_is_locking THEN
                IF COALESCE(v_due_id, v_short_id) IS NOT NULL OR v_is_told THEN  -- once more, under locks
                    SET v_is_locking = TRUE, v_due_id = NULL, v_short_id = NULL, v_depth = 0, v_level = NULL,
                        v_judged = JSON_ARRAY(), v_parent_id = p_tenant_id;
                END IF;
            ELSEIF v_due_id IS NOT NULL THEN
                CALL settle_quota_period(v_due_id, v_time_zone, v_state);
            ELSEIF v_short_id IS NOT NULL THEN
                CALL collect_quota_slots(v_short_id, NULL, TRUE, v_units);
                CALL lower_quota_use(IF(p_operation IN ('RESERVE', 'LEASE') AND p_transaction = 'JOINED', 'NEWEST',
                                     'LAPSED'), v_short_id, NULL, v_time_zone, NULL, NULL, NULL, NULL, NULL, NULL,
                                     NULL, NULL, v_holds);
                SET v_taken_back = CONCAT_WS(',', v_taken_back, v_short_id);
            END IF;
        UNTIL v_due_id IS NULL AND v_short_id IS NULL END REPEAT;
        SET v_judged = JSON_MERGE_PRESERVE(v_judged, COALESCE(v_level, JSON_ARRAY())), v_level_id = v_parent_id;
    END WHILE;

    IF v_is_replay THEN
        SET p_status = 'REPLAYED';
    ELSEIF v_is_suspended OR JSON_LENGTH(v_judged) = 0 THEN  -- no limit is to blame
        SET p_status = IF(v_is_suspended, 'SUSPENDED', 'NO_QUOTA');
    ELSE
        SELECT shown_by, quota_id, used_after, next_reset_time,
               IF(shown_by < 0, wait_ms, NULL), IF(shown_by < 0, verdict, IF(v_is_judging, 'GRANTED', NULL))
        INTO v_shown_by, p_quota_id, p_used_count, p_next_reset_time, p_retry_after_ms, p_status
        FROM JSON_TABLE(v_judged, '$[*]' COLUMNS (
            quota_id BIGINT UNSIGNED PATH '$.quota_id', shown_by DECIMAL(30) PATH '$.shown_by',
            used_after BIGINT PATH '$.used_after', next_reset_time DATETIME PATH '$.next_reset_time',
            wait_ms BIGINT PATH '$.wait_ms',
            verdict VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.verdict')) AS j
        ORDER BY shown_by, quota_id LIMIT 1;
        IF p_status IS NULL THEN
            SELECT IF(MIN(all_take_part), NULL, JSON_OBJECTAGG(level_id, kinds)) INTO p_parts
            FROM (SELECT level_id, MIN(takes_part) AS all_take_part, REGEXP_REPLACE(CAST(JSON_ARRAYAGG(IF(
                             takes_part, limit_type, '')) AS CHAR) COLLATE utf8mb4_0900_bin, '[^A-Z,]', '') AS kinds
                  FROM JSON_TABLE(v_judged, '$[*]' COLUMNS (
                      level_id    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.level_id',
                      limit_type  VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$.limit_type',
                      takes_part  BOOLEAN     PATH '$.takes_part')) AS j
                  GROUP BY level_id) AS by_level;
        END IF;
        IF p_operation NOT IN ('CHECK', 'SETTLE') AND IF(p_status IS NULL, v_is_locking,
            p_transaction <> 'JOINED' OR p_attempt > 1 OR v_is_replay IS NULL) THEN  -- undone, it leaves a gap lock
            CALL record_quota_alerts(v_judged, p_status IS NOT NULL, p_amount);
        END IF;
    END IF;
    SET p_status = IF(p_transaction = 'JOINED' AND p_attempt = 1 AND NOT v_is_replay, NULL, p_status),  -- then ask
        p_hold_id = IF(COALESCE(p_status, 'REPLAYED') = 'REPLAYED', p_hold_id, NULL);
    IF p_attempt > 20 AND p_status IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'internal: a quota changed at each attempt to charge it; nothing was charged; call again';
    END IF;
END
