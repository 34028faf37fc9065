-- guard_quota_session: internal: refuse a session whose settings would bend the rules.
--
-- An account with EXECUTE alone can SET timestamp, and so close periods or refill
-- buckets at will. The pinned clock shows where NOW(), which obeys it, leaves SYSDATE(),
-- which does not. And unique_checks off lets the engine skip the check that makes a biz
-- key charge once.
--
-- Raises   45003 clock_pinned; 45001 invalid_argument
-- Source   DESIGN, section 5
-- Example  CALL guard_quota_session();

CREATE PROCEDURE guard_quota_session ()
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
END
