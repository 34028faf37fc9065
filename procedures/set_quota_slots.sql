-- set_quota_slots: internal: give a quota another number of slots; new ones are empty.
--
-- Each slot is asked for by its key: in a caller's transaction a range would lock what comes
-- behind it too.
--
--   p_quota_id     locked by the caller, its slots collected
--   p_tenant_id    whose
--   p_old_count    how many it has
--   p_new_count    how many it is to have; 0: none
--
-- Raises   nothing of its own
-- Source   DESIGN, section 7
-- Example  CALL set_quota_slots(123, 'CH_123', 0, 64);

CREATE PROCEDURE set_quota_slots (
    IN p_quota_id   BIGINT UNSIGNED,
    IN p_tenant_id  VARCHAR(24) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN p_old_count  INT,
    IN p_new_count  INT
)
    COMMENT 'internal: give a quota another number of slots; new ones are empty.'
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_numbers  TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

    IF p_new_count > p_old_count THEN
        SET v_numbers = CONCAT('[0', REPEAT(',0', p_new_count - p_old_count - 1), ']');
        INSERT IGNORE INTO quota_slots (quota_id, slot_number, tenant_id)
        SELECT p_quota_id, p_old_count + n.place - 1, p_tenant_id
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n;
    ELSEIF p_new_count < p_old_count THEN
        SET v_numbers = CONCAT('[0', REPEAT(',0', p_old_count - p_new_count - 1), ']');
        DELETE s
        FROM JSON_TABLE(v_numbers, '$[*]' COLUMNS (place FOR ORDINALITY)) AS n
        STRAIGHT_JOIN quota_slots AS s FORCE INDEX (PRIMARY)
            ON s.quota_id = p_quota_id AND s.slot_number = p_new_count + n.place - 1;
    END IF;
END
