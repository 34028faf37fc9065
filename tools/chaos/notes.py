"""What a caller notes of each call with a key, and which errors leave its answer unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pymysql

BIZ = "ORDER"
HELD_SECONDS = 60 * 24 * 3600  # a noted hold lapses in no part, also where the clock moves
LOOSE = "loose-"  # begins the key of a reservation that may lapse: only the sums are checked
#: The connection or the server is gone, the group refused the commit, or this is no primary (any
#: more): the answer is not known, and the key settles it.
UNKNOWN = {0, 1053, 1158, 1159, 1160, 1161, 1290, 1792, 2003, 2006, 2013, 2055, 3100, 3101, 3796}
DEADLOCK = "1213"
COUNTED, HELD = ("UNITS", "FEW"), "PLACES"  # quota types: counted limits; CONCURRENT limits


@dataclass
class Note:
    """One call with a key: how to make it again, what it changes, and what became of it."""

    tenant: str
    quota_type: str
    units: dict[str, int]  # biz key -> change of its use, if the call is granted
    again: tuple[Any, ...]  # the procedure and its arguments
    group: int  # calls of one transaction share it: all are there, or none
    answer: str = ""  # GRANTED or DENIED, as the call said; empty: it did not say
    fate: str = "LOST"  # GRANTED, DENIED, UNDONE by the caller; LOST: whether it counts is unknown
    hold: str | None = None  # reservation or lease id

    @property
    def charges(self) -> bool:
        """Whether it brings a new key into the ledger; confirm, cancel and refund follow one."""
        return self.again[0] in ("consume_quota", "consume_quota_batch", "reserve_quota")


def token_of(error: pymysql.err.MySQLError) -> str:
    """Return the token that our own error begins with, or MySQL's number."""
    number, *text = error.args or (0,)
    return str(text[0]).partition(":")[0] if number == 1644 else str(number)
