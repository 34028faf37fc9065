-- set_quota_slots: internal: give a quota its number of slots, all empty.
--
--   p_quota_id     locked by the caller, its slots collected
--   p_tenant_id    whose
--   p_slot_count   how many; 0: none
--
-- Raises   nothing of its own
-- Source   DESIGN, section 7
-- Example  CALL set_quota_slots(123, 'CH_123', 64);

CREATE PROCEDURE set_quota_slots (
    IN p_quota_id    BIGINT UNSIGNED,
    IN p_tenant_id   VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_slot_count  INT
)
    COMMENT 'internal: give a quota its number of slots, all empty.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DELETE FROM quota_slots WHERE quota_id = p_quota_id AND slot_number >= p_slot_count;
    IF p_slot_count > 0 THEN
        INSERT IGNORE INTO quota_slots (quota_id, slot_number, tenant_id)
        SELECT p_quota_id, place - 1, p_tenant_id
        FROM JSON_TABLE(CONCAT('[0', REPEAT(',0', p_slot_count - 1), ']'), '$[*]'
                        COLUMNS (place FOR ORDINALITY)) AS slot;
    END IF;
END
