-- keep_quota_transaction: internal: keep the work that open_quota_transaction began.
--
-- Our own transaction is committed. It says NO CHAIN because completion_type is the caller's to set. In the caller's,
-- our savepoint goes: whoever finds it later finds work that a killed call has left.
--
--   p_transaction   what open_quota_transaction answered
--
-- Raises   what COMMIT raises (3100 from a group that refused it)
-- Source   docs/design.md, section 5

CREATE PROCEDURE keep_quota_transaction (
    IN p_transaction  VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: keep the work that open_quota_transaction began.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    IF p_transaction = 'OWN' THEN
        COMMIT AND NO CHAIN NO RELEASE;
    ELSEIF p_transaction = 'JOINED' THEN
        RELEASE SAVEPOINT tenant_quota_work;
    END IF;
END
