-- find_refund_tenant: internal: the next tenant whose limits a consumption may have charged.
--
-- In this order: the tenant itself, its parent and former parents, theirs, and so on, each once: a
-- tenant that was above once may be below today. It reads the newest rows, also under an old
-- snapshot, and locks them.
--
--   p_tenant_id       who consumed
--   p_visits          how many tenants were visited already
--   p_next_tenant_id  the next one; NULL: that was all
--
-- Source   DESIGN, sections 3 and 5

CREATE PROCEDURE find_refund_tenant (
    IN  p_tenant_id       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
    IN  p_visits          INT,
    OUT p_next_tenant_id  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin
)
    COMMENT 'internal: the next tenant whose limits a consumption may have charged.'
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

    WITH RECURSIVE up (tenant_id) AS (
        SELECT p_tenant_id
        UNION
        (SELECT t.parent_tenant_id
         FROM up
         STRAIGHT_JOIN tenants AS t FORCE INDEX (PRIMARY) ON t.tenant_id = up.tenant_id
         WHERE t.parent_tenant_id IS NOT NULL
         FOR SHARE OF t)
        UNION
        (SELECT c.former_parent_id
         FROM up
         STRAIGHT_JOIN tenant_definition_changes AS c FORCE INDEX (PRIMARY) ON c.tenant_id = up.tenant_id
         WHERE c.former_parent_id IS NOT NULL
         FOR SHARE OF c)
    )
    SELECT tenant_id INTO p_next_tenant_id FROM up LIMIT p_visits, 1;
END
