-- abandon_quota_transaction: internal: undo the work after an error, before it is raised again.
--
-- For an error handler, which then says RESIGNAL. A transaction of our own is rolled
-- back. The caller's is taken back to our savepoint, except after a deadlock (1213), a
-- lock wait that ran out (1205) and a commit that a group refused (3100, 3101): there
-- the savepoint may be gone with its transaction, and asking for it would replace the
-- error by 1305, after which the caller's next statement commits by itself.
--
--   p_transaction   what open_quota_transaction answered
--   p_errno         the server's number of the error at hand
--
-- Raises   nothing of its own
-- Source   DESIGN, section 5
-- Example  CALL abandon_quota_transaction(v_transaction, v_errno);  RESIGNAL;

CREATE PROCEDURE abandon_quota_transaction (
    IN p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_errno        INT
)
    COMMENT 'internal: undo the work after an error, before it is raised again.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    IF p_transaction = 'OWN' THEN
        ROLLBACK AND NO CHAIN NO RELEASE;
    ELSEIF p_transaction = 'JOINED' AND p_errno NOT IN (1205, 1213, 3100, 3101) THEN
        ROLLBACK TO SAVEPOINT tenant_quota_work;
        RELEASE SAVEPOINT tenant_quota_work;
    END IF;
END
