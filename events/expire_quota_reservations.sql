-- expire_quota_reservations: give lapsed holds back every minute.
--
-- A sweep for lapsed holds that no caller has reclaimed: a call that needs their units takes them
-- back itself. Needs event_scheduler=ON; with it off only the shown use is late.
--
-- Source   docs/design.md, sections 3 and 6
-- Example  SHOW EVENTS LIKE 'expire_quota_reservations';

CREATE EVENT expire_quota_reservations
    ON SCHEDULE EVERY 1 MINUTE STARTS '2001-01-01 00:00:30'
    ON COMPLETION PRESERVE
    ENABLE
    COMMENT 'Give lapsed holds back every minute.'
    DO BEGIN
        SET SESSION autocommit = 1;  -- with the server's OFF nothing would be committed
        CALL expire_quota_reservations(100);
    END
