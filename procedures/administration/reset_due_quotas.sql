-- reset_due_quotas: close every period that is over, in batches that keep nobody waiting.
--
-- The event calls it each minute. It only sweeps: whoever touches a quota whose period is over closes it, so answers
-- are right with the event off, late or run twice. run_quota_job says how a job runs; inside a transaction it does
-- one batch, as part of it. After each batch it rests, so that consumers find the processor free.
--
--   p_batch_size   rows a transaction, 1 or more; they are locked until it ends
--
-- Answers  one row: success, status (DONE, BUSY), rows_done, transaction
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   scenario 3; docs/design.md, section 4
-- Example  CALL reset_due_quotas(100);

CREATE PROCEDURE reset_due_quotas (
    IN p_batch_size  INT
)
    COMMENT 'Close every period that is over, in batches that keep nobody waiting.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL validate_quota_argument('p_batch_size', p_batch_size, 1, 2147483647);
    CALL run_quota_job('reset_due_quotas', NULL, p_batch_size);
END
