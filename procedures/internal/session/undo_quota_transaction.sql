-- undo_quota_transaction: internal: undo the work that open_quota_transaction began.
--
-- Our own transaction is rolled back; in the caller's, or in a part of a bigger call, all back to our
-- savepoint. After 1213, 1206, and 1205 with innodb_rollback_on_timeout, the server has ended the
-- transaction: the savepoint is gone, and 1305 for it says nothing new. A procedure apart from
-- keep_quota_transaction: an upgrade replaces one after the other, and a call that misses one is undone.
--
--   p_transaction   what open_quota_transaction answered; NULL, READ: it was not open yet
--
-- Source   docs/design.md, section 5
-- Example  CALL undo_quota_transaction(v_transaction);  RESIGNAL;

CREATE PROCEDURE undo_quota_transaction (
    IN p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: undo the work that open_quota_transaction began.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR 1305 BEGIN END;

    IF p_transaction = 'OWN' THEN
        ROLLBACK AND NO CHAIN NO RELEASE;
    ELSEIF p_transaction = 'PART' THEN
        ROLLBACK TO SAVEPOINT tenant_quota_part;
    ELSEIF p_transaction = 'JOINED' THEN
        ROLLBACK TO SAVEPOINT tenant_quota_work;
        RELEASE SAVEPOINT tenant_quota_work;
    END IF;
END
