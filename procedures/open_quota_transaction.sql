-- open_quota_transaction: internal: join the caller's transaction, or begin one that we own.
--
-- A savepoint survives only inside a transaction, so setting and releasing one asks the
-- server itself whether one is open: with autocommit off, inside XA and inside nested
-- calls as well, and without any privilege (TRAPS, MySQL stored logic). Joined, the work
-- runs under the savepoint tenant_quota_work, and the caller's commit or rollback decides.
-- Owned, it runs at READ COMMITTED, which takes no gap locks, and must be ended on every
-- path: COMMIT AND NO CHAIN NO RELEASE, or abandon_quota_transaction.
--
--   p_transaction   OWN or JOINED
--
-- Raises   nothing of its own
-- Source   DESIGN, section 5
-- Example  CALL open_quota_transaction(v_transaction);

CREATE PROCEDURE open_quota_transaction (
    OUT p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: join the caller''s transaction, or begin one that we own.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    SET p_transaction = 'JOINED';

    BEGIN
        DECLARE EXIT HANDLER FOR 1305 SET p_transaction = 'OWN';
        SAVEPOINT tenant_quota_work;
        RELEASE SAVEPOINT tenant_quota_work;
        SAVEPOINT tenant_quota_work;
    END;

    IF p_transaction = 'OWN' THEN
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        START TRANSACTION;
    END IF;
END
