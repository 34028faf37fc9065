-- What the programs work on: a table of the application's own, and two limits of one tenant.
CREATE TABLE orders (
    order_no   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PRIMARY KEY,
    tenant_id  VARCHAR(64) NOT NULL,
    codes      INT         NOT NULL
);
CALL define_quota('CH_123', 'REDEEM_CODE', 'MONTHLY', 5, NULL, NULL);
CALL define_quota('CH_123', 'EXPORT', 'CONCURRENT', 1, NULL, NULL);
