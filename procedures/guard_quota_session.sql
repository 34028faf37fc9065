-- guard_quota_session: internal: refuse a session whose settings would bend the rules.
--
-- An account with EXECUTE alone can SET timestamp, and so close periods or refill buckets at will: then
-- NOW(), which obeys it, leaves SYSDATE(), which does not. unique_checks off lets the server skip the check
-- that makes a biz key charge once. A read_only server, a replica, lets a definer with CONNECTION_ADMIN
-- write all the same: the guard refuses, by the server's own number.
--
--   p_writes   FALSE: the call only looks, and may do so on a replica
--
-- Raises   45003 clock_pinned; 45001 invalid_argument; 1290 read_only
-- Source   DESIGN, section 5
-- Example  CALL guard_quota_session(TRUE);

CREATE PROCEDURE guard_quota_session (
    IN p_writes  BOOLEAN
)
    COMMENT 'internal: refuse a session whose settings would bend the rules.'
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    IF ABS(TIMESTAMPDIFF(SECOND, NOW(6), SYSDATE(6))) > 1 THEN
        SIGNAL SQLSTATE '45003' SET MESSAGE_TEXT =
            'clock_pinned: this session has SET timestamp; SET timestamp = DEFAULT and call again';
    END IF;
    IF NOT @@SESSION.unique_checks THEN
        SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT =
            'invalid_argument: this session has unique_checks off; SET unique_checks = 1 and call again';
    END IF;
    IF p_writes AND @@GLOBAL.read_only THEN
        SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1290, MESSAGE_TEXT =
            'read_only: this server takes no writes (--read-only), it may be a replica; call the primary';
    END IF;
END
