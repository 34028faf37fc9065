"""Callers that mix every kind of call, and note which of them the server has acknowledged."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pymysql
from pymysql.connections import Connection

from tests.helpers.support import call, call_out, rows
from tools.chaos.notes import (
    BIZ,
    COUNTED,
    DEADLOCK,
    HELD,
    HELD_SECONDS,
    LOOSE,
    UNKNOWN,
    Note,
    token_of,
)


@dataclass
class Caller:
    """One connection's worth of calls on some families of tenants (root and child)."""

    number: int
    connect: Callable[[], Connection]
    families: Sequence[str]
    chance: random.Random
    #: Errors that may come meanwhile, and after which nothing of the call or transaction is left.
    undone_by: frozenset[str] = frozenset()
    notes: list[Note] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)  # tenant -> tokens out, acknowledged
    unknown_tokens: Counter[str] = field(
        default_factory=Counter
    )  # tenant -> answers that were lost
    leases: dict[str, str] = field(
        default_factory=dict
    )  # lease id -> HELD or RELEASED; acknowledged
    left: dict[str, Note] = field(default_factory=dict)  # key -> consumption not yet refunded
    held: list[Note] = field(default_factory=list)  # reservations not yet confirmed or cancelled
    seen: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)  # errors after which an answer is unknown
    calls: int = 0
    together: int = 1  # calls in the transaction that is open
    granted_at: list[float] = field(default_factory=list)  # time.monotonic() of acknowledged calls

    def work(self, stop: threading.Event, comes_back: bool) -> None:
        """Call until told to stop, or until the server is gone; ``comes_back``: then reconnect."""
        while not stop.is_set():
            try:
                mine = self.connect()
            except (pymysql.err.MySQLError, OSError) as error:
                self.lost[f"{type(error).__name__} at connect"] += 1
                if not comes_back:
                    return
                time.sleep(0.2)
                continue
            try:
                while not stop.is_set():
                    try:
                        self.turn(mine)
                    except pymysql.err.MySQLError as error:
                        if not self.is_undone_by(error):
                            raise
                        mine.rollback()
                        self.seen[f"{token_of(error)}, all undone"] += 1
            except (pymysql.err.MySQLError, OSError) as error:
                number = error.args[0] if error.args else 0
                if isinstance(error, pymysql.err.MySQLError) and number not in UNKNOWN:
                    picture = latest_deadlock(mine) if str(number) == DEADLOCK else ""
                    raise AssertionError(f"caller {self.number}: {error}\n{picture}") from error
                self.lost[f"{number}"] += 1
                if not comes_back:
                    return
            finally:
                with suppress(pymysql.err.MySQLError, OSError):
                    mine.close()

    def turn(self, mine: Connection) -> None:
        """Make one call by itself, or a transaction with a few: all of one tenant and type."""
        tenant = f"{self.chance.choice(('root', 'child'))}_{self.chance.choice(self.families)}"
        quota_type = self.chance.choice(COUNTED)
        self.together = 1
        if self.chance.random() < 0.2:
            self.hold_place(mine, tenant)
            return
        made: list[Note] = []
        joins, ends, undone = self.chance.random() < 1 / 3, False, False
        try:
            if joins:
                mine.begin()
            for _ in range(self.chance.randint(1, 3) if joins else 1):
                note = self.choose(tenant, quota_type, taken=made)
                made.append(note)
                self.together = len(made)
                self.make(mine, note)
            if joins and self.chance.random() < 1 / 4:
                mine.rollback()
                self.seen["rolled back"] += 1
            elif joins:
                ends = True
                mine.commit()
                ends = False
                self.accept(made)
            else:
                self.accept(made)
        except pymysql.err.MySQLError as error:
            undone = self.is_undone_by(error)
            raise
        finally:
            # A transaction whose COMMIT was not sent was never there.
            for note in made:
                if note.fate == "LOST" and (undone or (joins and not ends)):
                    note.fate = "UNDONE"
                if note.answer == "DENIED":
                    note.fate = "DENIED"
                if note.fate == "LOST":
                    self.leave(note)  # whatever became of it, no other call is to hide it
                self.notes.append(note)

    def is_undone_by(self, error: pymysql.err.MySQLError) -> bool:
        """Whether all of a turn is undone: several calls may also deadlock (design, section 7)."""
        token = token_of(error)
        return token in self.undone_by or (token == DEADLOCK and self.together > 1)

    def choose(self, tenant: str, quota_type: str, taken: Sequence[Note]) -> Note:
        """Think of a call on this tenant and type; none on a key that the transaction has."""
        self.calls += 1
        key = f"{self.number}-{self.calls}-{self.chance.randrange(10**9)}"
        group = self.calls - len(taken)
        busy = {each for note in taken for each in note.units}
        kind = self.chance.choice(("consume", "consume", "batch", "refund", "reserve", "end"))
        owed = [
            (each, note)
            for each, note in self.left.items()
            if note.tenant == tenant and note.quota_type == quota_type and each not in busy
        ]
        ours = [
            note
            for note in self.held
            if note.tenant == tenant
            and note.quota_type == quota_type
            and not busy & note.units.keys()
        ]
        amount = self.chance.randint(1, 4)
        if kind == "refund" and owed:
            each, note = self.chance.choice(owed)
            again: tuple[Any, ...] = ("refund_quota", tenant, quota_type, None, BIZ, each, key)
            return Note(tenant, quota_type, {each: -note.units[each]}, again, group)
        if kind == "end" and ours:
            note = self.chance.choice(ours)
            ((each, held),) = note.units.items()
            if self.chance.random() < 0.5:
                again = ("cancel_quota_reservation", note.hold)
                return Note(tenant, quota_type, {each: -held}, again, group)
            kept = self.chance.randint(1, held)
            again = ("confirm_quota_reservation", note.hold, kept)
            return Note(tenant, quota_type, {each: kept - held}, again, group)
        if kind == "reserve":
            again = ("reserve_quota", tenant, quota_type, amount, HELD_SECONDS, BIZ, key, None)
            return Note(tenant, quota_type, {key: amount}, again, group)
        if kind == "batch":
            items = [
                {
                    "quota_type": quota_type,
                    "amount": amount,
                    "biz_type": BIZ,
                    "biz_id": f"{key}-{n}",
                }
                for n in range(3)
            ]
            units = {str(item["biz_id"]): amount for item in items}
            again = ("consume_quota_batch", tenant, json.dumps(items))
            return Note(tenant, quota_type, units, again, group)
        again = ("consume_quota", tenant, quota_type, amount, BIZ, key, None)
        return Note(tenant, quota_type, {key: amount}, again, group)

    def make(self, mine: Connection, note: Note) -> None:
        answer = call(mine, *note.again)
        self.seen[f"{note.again[0]} {answer.status}"] += 1
        note.answer = "GRANTED" if answer.success else "DENIED"
        note.hold = getattr(answer, "reservation_id", None)

    def accept(self, made: Sequence[Note]) -> None:
        """The server has acknowledged these: what they granted may be used by later calls."""
        for note in made:
            note.fate = note.answer
            if note.fate != "GRANTED":
                continue
            self.granted_at.append(time.monotonic())
            if note.again[0] == "reserve_quota":
                self.held.append(note)
            elif note.charges:
                self.left.update(dict.fromkeys(note.units, note))
            else:
                self.leave(note)

    def leave(self, note: Note) -> None:
        """Make no further call on its keys."""
        for key in note.units:
            self.left.pop(key, None)
        self.held = [each for each in self.held if not each.units.keys() & note.units.keys()]

    def hold_place(self, mine: Connection, tenant: str) -> None:
        """Take or give back a token or a lease; or reserve for a second and forget it."""
        kind = self.chance.choice(("token", "token", "give", "lease", "release", "loose"))
        if kind == "loose":
            self.calls += 1
            key = f"{LOOSE}{self.number}-{self.calls}-{self.chance.randrange(10**9)}"
            answer = call(mine, "reserve_quota", tenant, "UNITS", 2, 1, BIZ, key, None)
            self.seen[f"reserve_quota for a second {answer.status}"] += 1
        elif kind == "lease":
            answer = call(mine, "acquire_quota_lease", tenant, HELD, f"{self.number}", HELD_SECONDS)
            self.seen[f"acquire_quota_lease {answer.status}"] += 1
            if answer.success:
                self.leases[answer.lease_id] = "HELD"
        elif kind == "release":
            ours = [lease for lease, state in self.leases.items() if state == "HELD"]
            if ours:
                lease = self.chance.choice(ours)
                self.leases[lease] = "UNKNOWN"
                answer = call(mine, "release_quota_lease", lease)
                self.seen[f"release_quota_lease {answer.status}"] += 1
                self.leases[lease] = answer.status
        elif kind == "token" or self.tokens[tenant] > 0:
            step = 1 if kind == "token" else -1
            name = "acquire_quota_token" if step > 0 else "release_quota_token"
            self.unknown_tokens[tenant] += 1
            (ok,) = call_out(mine, name, tenant, HELD, outs=1)
            self.unknown_tokens[tenant] -= 1
            self.tokens[tenant] += step * bool(ok)
            self.seen[f"{name} {bool(ok)}"] += 1


def latest_deadlock(mine: Connection) -> str:
    """Return what InnoDB says of it: who held which lock and waited for which, without the bytes."""
    ((_, _, status),) = rows(mine, "SHOW ENGINE INNODB STATUS")
    text = status.partition("LATEST DETECTED DEADLOCK")[2].partition("\nTRANSACTIONS\n")[0]
    return "\n".join(
        line for line in text.splitlines() if not line.startswith((" ", "Record lock", "-"))
    )
