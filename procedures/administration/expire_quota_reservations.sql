-- expire_quota_reservations: give back every lapsed reservation and lease, in small batches.
--
-- The event calls it each minute. It only sweeps: a call that needs the units gives them back itself. run_quota_job
-- says how a job runs; inside a transaction it does one batch, as part of it.
--
--   p_batch_size   lapsed holds looked for in one batch, 1 or more; each quota is a transaction of its own
--
-- Answers  one row: success, status (DONE, BUSY), rows_done (holds), transaction
-- Raises   45001 invalid_argument, 45003 clock_pinned
-- Source   docs/design.md, section 3
-- Example  CALL expire_quota_reservations(100);

CREATE PROCEDURE expire_quota_reservations (
    IN p_batch_size  INT
)
    COMMENT 'Give back every lapsed reservation and lease, in small batches.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL validate_quota_argument('p_batch_size', p_batch_size, 1, 2147483647);
    CALL run_quota_job('expire_quota_reservations', NULL, p_batch_size);
END
