"""Reservations and consumptions that are there before a run, for the calls that end them.

A run ends thousands a second, each once. To make so many by calls would take longer than the
run, so one is made by the call itself, and the others are copies of its rows.
"""

from __future__ import annotations

import secrets

from benchmarks.server import NUMBERS, Schema

A_SECOND = 10_000  # more than a run ends
TABLE = (
    "CREATE TABLE IF NOT EXISTS bench_prepared (n INT AUTO_INCREMENT PRIMARY KEY,"
    " tenant_id VARCHAR(64) NOT NULL, biz_id VARCHAR(64) NOT NULL,"
    " reservation_id CHAR(36) NOT NULL)"
    " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"
)
#: As random as the ids that calls give.
RANDOM_ID = f"CONCAT_WS('-', {', '.join(f'HEX(RANDOM_BYTES({n}))' for n in (4, 2, 2, 2, 6))})"


def make_first(schema: Schema, prefix: str, procedure: str, *arguments: object) -> None:
    """Let tenant ``prefix0`` make what the others get copies of."""
    schema.execute(TABLE)
    schema.call(procedure, f"{prefix}0", *arguments)


def prepare(schema: Schema, prefix: str, tenants: int, seconds: int) -> int:
    """Give each tenant copies of what ``prefix0`` made; return how many there are in all.

    bench_prepared names them in random order, and nothing of earlier runs. Counters and
    ledger agree. Written without a binlog.
    """
    each = 1 + A_SECOND * seconds // tenants
    if max(each, tenants) > NUMBERS:
        raise ValueError(f"at most {NUMBERS} tenants, and so many copies for each")
    run = secrets.token_hex(3)
    schema.execute(
        "SET sql_log_bin = 0",
        "TRUNCATE TABLE bench_prepared",
        "INSERT INTO bench_prepared (tenant_id, biz_id, reservation_id)"
        f" SELECT CONCAT('{prefix}', 1 + t.n), CONCAT('{run}-', k.n), LOWER({RANDOM_ID})"
        f" FROM bench_numbers AS t, bench_numbers AS k WHERE t.n < {tenants} AND k.n < {each}"
        " ORDER BY RAND()",
        copies(schema, prefix, "quota_usage_records", but=("record_id",)),
        copies(schema, prefix, "quota_reservations"),
        f"UPDATE tenant_quotas SET used_count = used_count + {each}"
        f" WHERE tenant_id REGEXP '^{prefix}[1-9][0-9]*$'",
    )
    return each * tenants


def copies(schema: Schema, prefix: str, table: str, but: tuple[str, ...] = ()) -> str:
    """Return the INSERT of a copy of the rows of ``prefix0`` for each row of bench_prepared."""
    own = {
        "quota_id": "q.quota_id",
        "tenant_id": "q.tenant_id",
        "biz_id": "p.biz_id",
        "reservation_id": "IF(made.reservation_id IS NULL, NULL, p.reservation_id)",
    }
    columns = schema.columns(table, but)
    values = ", ".join(own.get(column, f"made.{column}") for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM bench_prepared AS p"
        " JOIN tenant_quotas AS q ON q.tenant_id = p.tenant_id"
        f" JOIN {table} AS made ON made.tenant_id = '{prefix}0' ORDER BY p.n"
    )
