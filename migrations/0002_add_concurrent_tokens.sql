-- depends: 0001_create_tables
-- Scenario 4's own column, as the source wrote it (INT's display width is no more).

ALTER TABLE tenant_quotas
    ADD COLUMN concurrent_tokens INT DEFAULT NULL COMMENT '并发令牌数',
    ALGORITHM = INSTANT;
