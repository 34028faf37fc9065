-- purge_quota_usage: purge what is older than 400 days, once a day.
--
-- At three in the morning, UTC. 400 days are longer than any period, so the ledger
-- of a year is there until the year after is well begun. For another time to keep, ALTER EVENT
-- with this body and another number of days.
--
-- Source   docs/design.md, sections 3 and 6
-- Example  SHOW EVENTS LIKE 'purge_quota_usage';

CREATE EVENT purge_quota_usage
    ON SCHEDULE EVERY 1 DAY STARTS '2001-01-01 03:00:00'
    ON COMPLETION PRESERVE
    ENABLE
    COMMENT 'Purge what is older than 400 days, once a day.'
    DO BEGIN
        SET SESSION autocommit = 1;  -- with the server's OFF nothing would be committed
        CALL purge_quota_usage(400, 100);
    END
