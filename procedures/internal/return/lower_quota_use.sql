-- lower_quota_use: internal: give units back to one quota, as far as they belong to its open period.
--
-- Under the quota's row lock, which the caller holds: the units of one call, or of each lapsed hold. It closes a
-- period that is over, writes the ledger row and lowers the use. What belongs to a closed period was taken off by its
-- RESET row already: another RESET row takes the return out again. A use below the soft limit may be warned of again.
--
--   p_operation     REFUND, CONFIRM, CANCEL, EXPIRE: of the ledger row. LEASE: no row. NULL: nothing is given back.
--                   LAPSED: end each hold that has lapsed. NEWEST: those that are younger than the caller's snapshot
--                   too; if there may be some, the gap behind them is locked until it ends
--   p_quota_id, p_returned, p_time_zone   whose; units; tenants.time_zone of its owner
--   p_period_start, p_charged_at   of the charge; UTC
--   p_biz_type .. p_origin_id   of the ledger row
--   p_used_count    the use afterwards, NULL: hidden by slots; LAPSED, NEWEST: how many holds ended
--
-- Source   docs/design.md, sections 2 to 4 and 6

CREATE PROCEDURE lower_quota_use (
    IN  p_operation       VARCHAR(16)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_quota_id        BIGINT UNSIGNED,
    IN  p_returned        BIGINT,
    IN  p_time_zone       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_period_start    DATETIME,
    IN  p_charged_at      DATETIME(6),
    IN  p_biz_type        VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_biz_id          VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_product_code    VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_reservation_id  CHAR(36)     CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_refund_id       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_origin_id       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    OUT p_used_count      BIGINT
)
    COMMENT 'internal: give units back to one quota, as far as they belong to its open period.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_tenant_id, v_state, v_after_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;
    DECLARE v_is_open BOOLEAN;
    DECLARE v_lowered BIGINT;
    DECLARE v_looks_again BOOLEAN DEFAULT p_operation = 'NEWEST' AND @@transaction_isolation <> 'READ-COMMITTED';
    DECLARE v_after DATETIME(6) DEFAULT '1000-01-01';
    DECLARE v_ended BIGINT DEFAULT IF(p_operation IN ('LAPSED', 'NEWEST'), 0, NULL);  -- NULL: one call's units

    each_return: LOOP
        IF v_ended IS NOT NULL THEN  -- a plain look finds the next hold, and its key locks it
            SET v_after_id = p_reservation_id, p_reservation_id = NULL, p_operation = NULL, p_returned = 0;
            SELECT reservation_id, expires_at INTO p_reservation_id, v_after
            FROM quota_reservations FORCE INDEX (quota_reservations_held)
            WHERE quota_id = p_quota_id AND status = 'HELD' AND expires_at BETWEEN v_after AND UTC_TIMESTAMP(6)
              AND (expires_at > v_after OR reservation_id > v_after_id)
            ORDER BY expires_at, reservation_id LIMIT 1;
            IF p_reservation_id IS NULL AND v_looks_again THEN
                -- Those that the snapshot shows, as they are now, by their keys: do leases hold more than that?
                SELECT MAX(q.limit_type) <> 'CONCURRENT' OR MAX(q.leased_count) <> COALESCE(
                           SUM(IF(r.status = 'HELD' AND r.expires_at > UTC_TIMESTAMP(6), r.amount, 0)), 0)
                INTO v_looks_again
                FROM tenant_quotas AS q
                LEFT JOIN (SELECT reservation_id FROM quota_reservations
                           WHERE quota_id = p_quota_id AND status = 'HELD' LIMIT 1000000) AS h ON TRUE
                LEFT JOIN quota_reservations AS r FORCE INDEX (PRIMARY)
                    ON r.reservation_id = h.reservation_id AND r.quota_id = p_quota_id
                WHERE q.quota_id = p_quota_id FOR UPDATE OF q FOR SHARE OF r;
                IF v_looks_again THEN  -- a row shows in the snapshot once this transaction has changed it
                    UPDATE quota_reservations FORCE INDEX (quota_reservations_held)
                    SET updated_at = UTC_TIMESTAMP(6)
                    WHERE quota_id = p_quota_id AND status = 'HELD' AND expires_at <= UTC_TIMESTAMP(6);
                    SET v_after = '1000-01-01', v_looks_again = FALSE;
                    ITERATE each_return;
                END IF;
            END IF;
            IF p_reservation_id IS NULL THEN
                SET p_used_count = v_ended;
                LEAVE each_return;
            END IF;
            SELECT IF(kind = 'LEASE', 'LEASE', 'EXPIRE'), amount, period_start, created_at, biz_type, biz_id,
                   product_code, origin_tenant_id
            INTO p_operation, p_returned, p_period_start, p_charged_at, p_biz_type, p_biz_id,
                 p_product_code, p_origin_id
            FROM quota_reservations FORCE INDEX (PRIMARY)
            WHERE reservation_id = p_reservation_id AND quota_id = p_quota_id AND status = 'HELD'
              AND expires_at <= UTC_TIMESTAMP(6) FOR UPDATE;
        END IF;

        SET v_is_open = FALSE;
        WHILE NOT v_is_open DO
            SET v_is_open = TRUE;
            -- Time decides for a row by hand, which has no label, and in a period that was reset in its midst: a RESET
            -- row of its own is younger, or no period was closed at reset_time (by hand).
            SELECT q.tenant_id, IF(q.slot_count = 0, q.used_count, NULL), v_state IS NOT NULL OR COALESCE(
                       q.period_end = '9999-12-31' OR q.next_reset_time = q.period_end AND CONVERT_TZ(
                       UTC_TIMESTAMP(6), '+00:00', p_time_zone) BETWEEN q.period_start - INTERVAL 61 MINUTE
                           AND q.period_end - INTERVAL 1 MICROSECOND, FALSE),
                   LEAST(p_returned, q.used_count * (COALESCE(p_period_start = q.period_start, q.period_start IS NULL
                           OR CONVERT_TZ(p_charged_at, '+00:00', p_time_zone) >= q.period_start)
                       AND NOT (COALESCE(q.reset_time > q.period_start AND p_charged_at < CONVERT_TZ(
                           q.reset_time, p_time_zone, '+00:00'), FALSE) AND (
                           SELECT COUNT(IF(r.period_start = q.period_start AND r.created_at > p_charged_at, 1, NULL))
                                  OR NOT COUNT(IF(TIMESTAMPDIFF(SECOND, q.reset_time, CONVERT_TZ(
                                  r.created_at, '+00:00', p_time_zone)), NULL, 1))
                           FROM quota_usage_records AS r FORCE INDEX (quota_usage_records_biz_key)
                           WHERE r.quota_id = q.quota_id AND r.biz_type IS NULL AND r.biz_id IS NULL
                             AND r.operation_type = 'RESET' AND r.delta_value <= 0 FOR SHARE))))
            INTO v_tenant_id, p_used_count, v_is_open, v_lowered
            FROM tenant_quotas AS q WHERE q.quota_id = p_quota_id FOR UPDATE;
            IF NOT v_is_open THEN
                CALL settle_quota_period(p_quota_id, p_time_zone, v_state);
            END IF;
        END WHILE;

        SET p_used_count = p_used_count - v_lowered;
        IF v_tenant_id IS NOT NULL AND p_operation <> 'LEASE' THEN
            INSERT INTO quota_usage_records
                (quota_id, tenant_id, operation_type, delta_value, current_used, biz_type, biz_id, product_code,
                 period_start, reservation_id, refund_id, origin_tenant_id)
            VALUES
                (p_quota_id, v_tenant_id, p_operation, -p_returned, p_used_count, p_biz_type, p_biz_id, p_product_code,
                 p_period_start, p_reservation_id, COALESCE(p_refund_id, ''), p_origin_id);
            IF v_lowered < p_returned THEN
                INSERT INTO quota_usage_records
                    (quota_id, tenant_id, operation_type, delta_value, current_used, period_start)
                VALUES
                    (p_quota_id, v_tenant_id, 'RESET', p_returned - v_lowered, p_used_count, p_period_start);
            END IF;
        END IF;
        IF v_lowered > 0 OR p_operation = 'LEASE' THEN
            UPDATE tenant_quotas
            SET used_count       = used_count - v_lowered,
                earlier_count    = earlier_count + v_lowered,
                leased_count     = IF(p_operation = 'LEASE', GREATEST(leased_count - p_returned, 0), leased_count),
                next_alert_count = IF(used_count < soft_limit,
                                      LEAST(soft_limit, COALESCE(next_alert_count, soft_limit)), next_alert_count)
            WHERE quota_id = p_quota_id;
        END IF;
        IF v_ended IS NULL THEN
            LEAVE each_return;
        ELSEIF p_operation IS NOT NULL THEN  -- still lapsed when its key was locked
            UPDATE quota_reservations SET status = 'EXPIRED', updated_at = UTC_TIMESTAMP(6)
            WHERE reservation_id = p_reservation_id AND quota_id = p_quota_id;
            SET v_ended = v_ended + 1;
        END IF;
    END LOOP;
END
