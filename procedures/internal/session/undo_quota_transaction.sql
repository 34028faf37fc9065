-- undo_quota_transaction: internal: undo the work that open_quota_transaction began.
--
-- After a deadlock (1213), a full lock table (1206), or a lock wait that ran out (1205) with
-- innodb_rollback_on_timeout, the server has ended the transaction already: then 1305 for our savepoint says nothing
-- new. A procedure apart from keep_quota_transaction: in an upgrade, a call may miss one of the two.
--
--   p_transaction   what open_quota_transaction answered; NULL, READ: it was not open yet
--
-- Source   docs/design.md, section 5

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
