-- expire_quota_reservations: give lapsed holds back every minute.
--
-- A sweep for holds that nobody misses: who needs their units takes them back at once.
-- Needs event_scheduler=ON; with it off nothing but the shown use suffers.
--
-- Source   DESIGN, sections 3 and 6
-- Example  SHOW EVENTS LIKE 'expire_quota_reservations';

CREATE EVENT expire_quota_reservations
    ON SCHEDULE EVERY 1 MINUTE STARTS '2001-01-01 00:00:30'
    ON COMPLETION PRESERVE
    ENABLE
    COMMENT 'Give lapsed holds back every minute.'
    DO CALL expire_quota_reservations(100)
