-- open_quota_transaction: internal: join the caller's transaction, or begin one that we own.
--
-- It refuses a session whose settings would bend the rules: SET timestamp moves NOW(), and not SYSDATE();
-- unique_checks off lets a key charge twice. It also refuses a read_only server, where a definer with
-- CONNECTION_ADMIN could write all the same, by the server's own 1290.
--
-- SET TRANSACTION answers error 1568 while a transaction is open, also inside XA, and needs no privilege.
-- With autocommit off there always is one, or the next statement begins it. No handler runs when a call is
-- killed. Then savepoints show what it left: tenant_quota_owned a transaction of ours, and the next call is
-- told to roll back; tenant_quota_work what a joined call did, and the next call undoes that.
--
--   p_transaction   afterwards OWN or JOINED. READ: the call only looks, and may do so on a replica. PART stays PART:
--                   of a bigger call that has opened the transaction, under a savepoint of its own (tenant_quota_part)
--
-- Raises   45003 clock_pinned; 45001 invalid_argument; 1290 read_only; 45000 interrupted: an earlier call was killed
-- Source   docs/design.md, sections 5 and 11

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
