-- end_quota_transaction: internal: keep the work of open_quota_transaction, or undo it.
--
-- Our own transaction is committed or rolled back; it says NO CHAIN because completion_type is the
-- caller's to set. In the caller's, or in a part of a bigger call, our savepoint is released, or rolled
-- back to. After a deadlock (1213), a full lock table (1206), or a lock wait that ran out (1205) with
-- innodb_rollback_on_timeout, the server has ended the transaction already: then the savepoint is gone,
-- and 1305 for it says nothing new.
--
--   p_transaction   what open_quota_transaction answered; NULL: it was not open yet
--   p_is_kept       FALSE: undo. An error handler then says RESIGNAL
--
-- Source   DESIGN, section 5
-- Example  CALL end_quota_transaction(v_transaction, TRUE);

CREATE PROCEDURE end_quota_transaction (
    IN p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_is_kept      BOOLEAN
)
    COMMENT 'internal: keep the work of open_quota_transaction, or undo it.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    IF p_transaction = 'OWN' AND p_is_kept THEN
        COMMIT AND NO CHAIN NO RELEASE;
    ELSEIF p_transaction = 'OWN' THEN
        ROLLBACK AND NO CHAIN NO RELEASE;
    ELSEIF p_transaction = 'JOINED' AND p_is_kept THEN
        RELEASE SAVEPOINT tenant_quota_work;
    ELSEIF NOT p_is_kept THEN
        BEGIN
            DECLARE EXIT HANDLER FOR 1305 BEGIN END;
            IF p_transaction = 'PART' THEN
                ROLLBACK TO SAVEPOINT tenant_quota_part;
            ELSEIF p_transaction = 'JOINED' THEN
                ROLLBACK TO SAVEPOINT tenant_quota_work;
                RELEASE SAVEPOINT tenant_quota_work;
            END IF;
        END;
    END IF;
END
