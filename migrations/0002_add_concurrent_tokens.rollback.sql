ALTER TABLE tenant_quotas
    DROP COLUMN concurrent_tokens,
    ALGORITHM = INPLACE, LOCK = NONE;
