"""The rows of the view quota_usage_monitor, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import SSDictCursor

from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import error_number

Row = dict[str, Any]

LEVELS = ("EXCEEDED", "WARNING", "NORMAL")  # the most pressing first
ROWS_SHOWN = 100  # of a table, unless --limit says otherwise
_NO_VIEW = {1146, 1356}  # it is missing, or what it reads is


@dataclass(frozen=True)
class Filter:
    """Which rows of the view; empty and None mean all."""

    tenants: Sequence[str] = ()
    levels: Sequence[str] = ()
    limit: int | None = None

    def statement(self) -> tuple[str, list[Any]]:
        """Return the SELECT, the most pressing rows first, and its arguments."""
        conditions = []
        arguments: list[Any] = []
        for column, values in (("tenant_id", self.tenants), ("status_level", self.levels)):
            if values:
                conditions.append(f"{column} IN ({', '.join(['%s'] * len(values))})")
                arguments += values
        parts = ["SELECT * FROM quota_usage_monitor"]
        if conditions:
            parts.append(f"WHERE {' AND '.join(conditions)}")
        parts.append(
            "ORDER BY FIELD(status_level, %s, %s, %s), usage_rate DESC, "
            "tenant_id, quota_type, limit_type"
        )
        arguments += LEVELS
        if self.limit is not None:
            parts.append("LIMIT %s")
            arguments.append(self.limit)
        return " ".join(parts), arguments


@contextmanager
def select(connection: Connection[Any], wanted: Filter) -> Iterator[SSDictCursor]:
    """Give a cursor on the view's rows, which come one by one, however many there are.

    Raises TenantQuotaError if the view is missing.
    """
    with connection.cursor(SSDictCursor) as cursor:
        try:
            cursor.execute(*wanted.statement())
        except pymysql.Error as error:
            if error_number(error) in _NO_VIEW:
                raise TenantQuotaError(
                    "This database has no view quota_usage_monitor, or not the tables it reads: "
                    "run `tenant-quota apply`."
                ) from None
            raise
        yield cursor


def first_rows(
    connection: Connection[Any], wanted: Filter, room: int
) -> tuple[Sequence[Row], bool]:
    """Return as many rows as --limit says, or as there is room for; and whether there are more."""
    limit = wanted.limit or room
    with select(connection, replace(wanted, limit=limit + 1)) as cursor:
        rows = list(cursor.fetchall())
    return rows[:limit], len(rows) > limit
