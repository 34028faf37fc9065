"""Quotas for a Python application, on the connection that it has already.

``Quota(connection, tenant_id)`` takes a DB-API connection (PyMySQL, mysqlclient, MySQL
Connector/Python), SQLAlchemy's Session or Connection, or Django's connection. ``AsyncQuota``
takes SQLAlchemy's AsyncSession or AsyncConnection. docs/clients/python.md shows how.

Nothing here imports a driver or what the command needs.
"""

from tenant_quota.client.answers import Answer, Item, LimitType, Status, Transaction
from tenant_quota.client.async_quota import AsyncLease, AsyncQuota, AsyncReservation
from tenant_quota.client.errors import (
    ClockPinned,
    HoldLost,
    Interrupted,
    InvalidArgument,
    KeyReused,
    NobodyCommits,
    QuotaError,
    QuotaExceeded,
    may_do_again,
)
from tenant_quota.client.holds import Lease, Reservation
from tenant_quota.client.quota import Quota

__all__ = [
    "Answer",
    "AsyncLease",
    "AsyncQuota",
    "AsyncReservation",
    "ClockPinned",
    "HoldLost",
    "Interrupted",
    "InvalidArgument",
    "Item",
    "KeyReused",
    "Lease",
    "LimitType",
    "NobodyCommits",
    "Quota",
    "QuotaError",
    "QuotaExceeded",
    "Reservation",
    "Status",
    "Transaction",
    "may_do_again",
]
