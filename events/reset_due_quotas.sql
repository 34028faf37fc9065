-- reset_due_quotas: close lapsed periods every minute.
--
-- A sweep for quotas that nobody uses: a call to a quota closes its period itself.
-- Needs event_scheduler=ON; with it off the heartbeat and the rows of quota_usage_history are late.
--
-- Source   scenario 3; docs/design.md, section 4
-- Example  SHOW EVENTS LIKE 'reset_due_quotas';

CREATE EVENT reset_due_quotas
    ON SCHEDULE EVERY 1 MINUTE STARTS '2001-01-01 00:00:00'
    ON COMPLETION PRESERVE
    ENABLE
    COMMENT 'Close lapsed periods every minute.'
    DO BEGIN
        SET SESSION autocommit = 1;  -- with the server's OFF nothing would be committed
        CALL reset_due_quotas(100);
    END
