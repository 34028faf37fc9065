-- abandon_quota_transaction: internal: undo the work after an error, before it is raised again.
--
-- For an error handler, which then says RESIGNAL. Our own transaction is rolled back. The caller's, or a
-- part of a bigger call, is taken back to our savepoint. After a deadlock (1213), a full lock table (1206) and
-- a commit that a group refused (3100, 3101) the server has ended the transaction already, and
-- nothing is left to undo. After a lock wait that ran out (1205) it has undone one statement, or,
-- with innodb_rollback_on_timeout, all: then the savepoint is gone, and 1305 for it says nothing new.
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
    DECLARE CONTINUE HANDLER FOR 1305 BEGIN END;

    IF p_transaction = 'OWN' THEN
        ROLLBACK AND NO CHAIN NO RELEASE;
    ELSEIF p_transaction = 'JOINED' AND p_errno NOT IN (1206, 1213, 3100, 3101) THEN
        ROLLBACK TO SAVEPOINT tenant_quota_work;
        RELEASE SAVEPOINT tenant_quota_work;
    ELSEIF p_transaction = 'PART' AND p_errno NOT IN (1206, 1213, 3100, 3101) THEN
        ROLLBACK TO SAVEPOINT tenant_quota_part;
    END IF;
END
