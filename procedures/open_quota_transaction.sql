-- open_quota_transaction: internal: join the caller's transaction, or begin one that we own.
--
-- A savepoint survives only inside a transaction, so setting and releasing one asks the
-- server itself whether one is open: with autocommit off, inside XA and inside nested
-- calls as well, and without any privilege (TRAPS, MySQL stored logic). Joined, the work
-- runs under the savepoint tenant_quota_work, and the caller's commit or rollback decides.
-- Owned, it runs at READ COMMITTED, which takes no gap locks, and must be ended on every
-- path: COMMIT AND NO CHAIN NO RELEASE, or abandon_quota_transaction.
--
-- One path we cannot end: no handler runs when the call is killed (KILL QUERY, which is how
-- drivers time a statement out), so our transaction stays open with its locks. Its own
-- savepoint tells it from one of the caller's; who meets it is told to roll back, because
-- going on would join work that nobody will commit.
--
--   p_transaction   OWN or JOINED
--
-- Raises   45000 interrupted: an earlier call of this session was killed half-way
-- Source   DESIGN, section 5
-- Example  CALL open_quota_transaction(v_transaction);

CREATE PROCEDURE open_quota_transaction (
    OUT p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: join the caller''s transaction, or begin one that we own.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_is_left_over  BOOLEAN DEFAULT TRUE;

    SET p_transaction = 'JOINED';
    BEGIN
        DECLARE EXIT HANDLER FOR 1305 SET p_transaction = 'OWN';
        SAVEPOINT tenant_quota_work;
        RELEASE SAVEPOINT tenant_quota_work;
    END;

    IF p_transaction = 'OWN' THEN
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        START TRANSACTION;
        SAVEPOINT tenant_quota_owned;
    ELSE
        BEGIN
            DECLARE EXIT HANDLER FOR 1305 SET v_is_left_over = FALSE;
            RELEASE SAVEPOINT tenant_quota_owned;
            SAVEPOINT tenant_quota_owned;
        END;
        IF v_is_left_over THEN
            SET p_transaction = NULL;
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
                'interrupted: an earlier call here was killed and its transaction is open; ROLLBACK and call again';
        END IF;
        SAVEPOINT tenant_quota_work;
    END IF;
END
