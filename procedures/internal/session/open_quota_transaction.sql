-- open_quota_transaction: internal: join the caller's transaction, or begin one that we own.
--
-- It refuses a session whose settings would bend the rules. An account with EXECUTE alone can SET timestamp,
-- and so close periods or refill buckets at will: then NOW(), which obeys it, leaves SYSDATE(), which does
-- not. unique_checks off lets the server skip the check that makes a biz key charge once. A read_only server,
-- a replica, lets a definer with CONNECTION_ADMIN write all the same: so we say the server's 1290 ourselves.
--
-- SET TRANSACTION answers error 1568 while a transaction is open, also inside XA and in nested calls, and
-- needs no privilege. With autocommit off there always is one, or the next statement begins it. In a
-- joined transaction the work runs under the savepoint tenant_quota_work, and the caller's commit or
-- rollback decides. Our own runs at READ COMMITTED, which takes no gap locks; it is ended on every path
-- but one: no handler runs when the call is killed (KILL QUERY, by which drivers time a statement out),
-- and our transaction stays open with its locks. Its savepoint tenant_quota_owned shows that it is ours,
-- and the next call is told to roll back: going on would join work that nobody will commit. A joined call
-- that was killed leaves tenant_quota_work in the caller's transaction: the next call undoes what was done
-- since, and takes its place.
--
--   p_transaction   afterwards OWN or JOINED. READ: the call only looks, and may do so on a replica. PART
--                   stays PART: a part of a bigger call that has opened the transaction, under a savepoint
--                   of its own (tenant_quota_part)
--
-- Raises   45003 clock_pinned; 45001 invalid_argument; 1290 read_only; 45000 interrupted: an earlier call of
--          this session was killed half-way
-- Source   docs/design.md, sections 5 and 11
-- Example  CALL open_quota_transaction(v_transaction);

CREATE PROCEDURE open_quota_transaction (
    INOUT p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: join the caller''s transaction, or begin one that we own.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_is_left_over  BOOLEAN DEFAULT TRUE;

    IF NOT (ABS(TIMESTAMPDIFF(SECOND, NOW(6), SYSDATE(6))) <= 1 AND @@SESSION.unique_checks > @@GLOBAL.read_only) THEN
        IF ABS(TIMESTAMPDIFF(SECOND, NOW(6), SYSDATE(6))) > 1 THEN
            SIGNAL SQLSTATE '45003' SET MESSAGE_TEXT =
                'clock_pinned: this session has SET timestamp; SET timestamp = DEFAULT and call again';
        ELSEIF NOT @@SESSION.unique_checks THEN
            SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
                'invalid_argument: this session has unique_checks off; SET unique_checks = 1 and call again';
        ELSEIF @@GLOBAL.read_only AND COALESCE(p_transaction <> 'READ', TRUE) THEN
            SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1290, MESSAGE_TEXT =
                'read_only: this server takes no writes (--read-only), it may be a replica; call the primary';
        END IF;
    END IF;

    SET p_transaction = IF(p_transaction <=> 'PART', 'PART', 'JOINED');
    IF p_transaction = 'JOINED' AND @@SESSION.autocommit THEN
        BEGIN
            DECLARE EXIT HANDLER FOR 1568 BEGIN END;
            SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
            SET p_transaction = 'OWN';
        END;
    END IF;

    IF p_transaction = 'OWN' THEN
        START TRANSACTION;
        SAVEPOINT tenant_quota_owned;
    ELSEIF p_transaction = 'PART' THEN
        SAVEPOINT tenant_quota_part;
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
        BEGIN
            DECLARE EXIT HANDLER FOR 1305 BEGIN END;
            ROLLBACK TO SAVEPOINT tenant_quota_work;
        END;
        SAVEPOINT tenant_quota_work;
    END IF;
END
