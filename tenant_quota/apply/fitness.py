"""What a server must be to hold quotas at all: `apply` refuses others, and `doctor` says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pymysql.connections import Connection

from tenant_quota.errors import TenantQuotaError
from tenant_quota.names import parse_account
from tenant_quota.statements import StatementFailed, fetch

_PAGE = 8192  # bytes; on smaller pages our longest key does not fit (1071)


def unfit(variables: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield variable, what is wrong and what to do; ``variables`` are SHOW GLOBAL VARIABLES."""
    page = int(variables.get("innodb_page_size", _PAGE))
    if page < _PAGE:
        yield (
            "innodb_page_size",
            f"innodb_page_size is {page}: our keys need pages of {_PAGE} bytes or more",
            "initialise a server with larger pages (16384 is the default), and move the data there",
        )
    if variables.get("pxc_strict_mode", "").upper() in ("ENFORCING", "MASTER"):
        yield (
            "pxc_strict_mode",
            f"pxc_strict_mode is {variables['pxc_strict_mode']}: it refuses GET_LOCK, under which "
            "apply and every sweep run",
            "SET PERSIST pxc_strict_mode = PERMISSIVE, and write on one node only",
        )
    if variables.get("log_bin") == "ON" and variables.get("binlog_format") == "STATEMENT":
        yield (
            "binlog_format",
            "binlog_format is STATEMENT: calls fail (1665), or run again on replicas and differ",
            "SET PERSIST binlog_format = ROW, and connect anew",
        )


def refuse_unknown(connection: Connection[Any], definer: str) -> None:
    """Raise TenantQuotaError if there is no such account: all that ran as it would fail (1449)."""
    account = parse_account(definer, "--definer")
    asked = "SELECT 1 FROM mysql.user WHERE user = %s AND host = %s"
    try:
        found = fetch(connection, asked, (account.user, account.host))
    except StatementFailed as error:
        if error.number not in (1142, 1143):
            raise
        return  # who may not look (the documented migrator) cannot be told: doctor tells
    if not found:
        raise TenantQuotaError(
            f"Nothing was done. There is no account {account}, and calls that run as it would fail "
            "(1449): name another one by --definer, or see tenant-quota grants."
        )


def refuse_unfit(connection: Connection[Any]) -> None:
    """Raise TenantQuotaError on a server that cannot hold quotas, before anything is done."""
    rows = fetch(connection, "SHOW GLOBAL VARIABLES")
    found = [
        f"{what}; {do}." for _, what, do in unfit({r["Variable_name"]: r["Value"] for r in rows})
    ]
    if found:
        raise TenantQuotaError("\n".join(["Nothing was done. This server is unfit:", *found]))
