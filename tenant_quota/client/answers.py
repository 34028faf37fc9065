"""What a call answers, with types (docs/calls.md, "What a call answers")."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any


class Status(str, Enum):
    """What the call did, or why it did nothing."""

    GRANTED = "GRANTED"
    REPLAYED = "REPLAYED"
    EXCEEDED = "EXCEEDED"
    NO_QUOTA = "NO_QUOTA"
    NOT_EFFECTIVE = "NOT_EFFECTIVE"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    PRODUCT_NOT_COVERED = "PRODUCT_NOT_COVERED"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    RENEWED = "RENEWED"
    RELEASED = "RELEASED"
    NOT_FOUND = "NOT_FOUND"


class LimitType(str, Enum):
    """How a limit's use comes down again."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    YEARLY = "YEARLY"
    TOTAL = "TOTAL"
    RATE = "RATE"
    CONCURRENT = "CONCURRENT"


class Transaction(str, Enum):
    """Whose transaction the call ran in: OWN is durable, JOINED is the caller's to commit."""

    OWN = "OWN"
    JOINED = "JOINED"


@dataclass(frozen=True)
class Item:
    """One item of ``Quota.batch``."""

    quota_type: str
    amount: int = 1
    biz_type: str | None = None
    biz_id: str | None = None
    product_code: str | None = None


@dataclass(frozen=True)
class Answer:
    """One call's answer; a column that the call does not answer with is None."""

    success: bool
    status: Status
    transaction: Transaction
    quota_id: int | None = None
    limit_type: LimitType | None = None  # the limit that denied, else the tightest
    hard_limit: int | None = None
    used_count: int | None = None
    remaining: int | None = None
    next_reset_time: datetime | None = None  # on the tenant's wall clock, without a zone
    retry_after: timedelta | None = None  # None: waiting does not help
    item_index: int | None = None
    reservation_id: str | None = None
    lease_id: str | None = None
    expires_at: datetime | None = None  # UTC, without a zone
    expires_in: timedelta | None = None  # from the moment of the answer, by the server's clock

    @property
    def retry_after_seconds(self) -> int | None:
        """``retry_after`` in whole seconds, rounded up: what the header Retry-After holds."""
        if self.retry_after is None:
            return None
        return max(1, math.ceil(self.retry_after / timedelta(seconds=1)))

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Answer:
        """Read the columns by name; later versions of the procedures may add some."""
        wait, rest, kind = row["retry_after_ms"], row.get("expires_in_ms"), row["limit_type"]
        plain = ("quota_id", "hard_limit", "used_count", "remaining", "next_reset_time")
        sometimes = ("item_index", "reservation_id", "lease_id", "expires_at")
        return cls(
            success=bool(row["success"]),
            status=Status(row["status"]),
            transaction=Transaction(row["transaction"]),
            limit_type=None if kind is None else LimitType(kind),
            retry_after=None if wait is None else timedelta(milliseconds=int(wait)),
            expires_in=None if rest is None else timedelta(milliseconds=int(rest)),
            **{name: row[name] for name in plain},
            **{name: row.get(name) for name in sometimes},
        )
