-- purge_quota_usage: delete records older than some days that nothing needs any more.
--
-- Ledger rows of closed periods go, and their sum stays: where a period's rows do not make 0 (rows written by hand),
-- one ADJUST row carries the rest. Old rows of TOTAL limits become one ADJUST row. So counters and ledger agree
-- before and after, also if it is stopped half-way. Settled holds and delivered alerts go as well.
--
-- A biz key is known for p_keep_days from its last row on, and at least as long as its period is open. After that the
-- same key charges again, and can no longer be refunded. Inside a transaction it does one batch, as part of it.
--
--   p_keep_days    1 or more
--   p_batch_size   rows of one quota in a transaction, 1 or more; the quota is locked until it ends
--
-- Answers  one row: success, status (DONE, BUSY), rows_done, transaction
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, sections 3 and 4
-- Example  CALL purge_quota_usage(400, 100);

CREATE PROCEDURE purge_quota_usage (
    IN p_keep_days   INT,
    IN p_batch_size  INT
)
    COMMENT 'Delete records older than some days that nothing needs any more.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL validate_quota_argument('p_keep_days', p_keep_days, 1, 2147483647);
    CALL validate_quota_argument('p_batch_size', p_batch_size, 1, 2147483647);
    CALL run_quota_job('purge_quota_usage', p_keep_days, p_batch_size);
END
