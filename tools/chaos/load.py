"""Callers and a sweep that work at the same time, while something happens to their server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pymysql
from pymysql.connections import Connection

from tests.helpers.support import call, rows
from tools.chaos.notes import UNKNOWN, token_of
from tools.chaos.witness import Caller


def sweep(
    connect: Callable[[], Connection],
    stop: threading.Event,
    comes_back: bool,
    undone_by: frozenset[str],
) -> int:
    """Do what the events do, again and again; return how many rounds were finished."""
    done = 0
    while not stop.is_set():
        try:
            with connect() as mine:
                while not stop.is_set():
                    call(mine, "reset_due_quotas", 100)
                    call(mine, "expire_quota_reservations", 100)
                    call(mine, "purge_quota_usage", 400, 100)
                    drift = rows(mine, "CALL reconcile_quotas(%s, FALSE)", None)
                    assert not drift, f"drift under load: {drift}"
                    done += 1
                    stop.wait(0.1)
        except (pymysql.err.MySQLError, OSError) as error:
            if isinstance(error, pymysql.err.MySQLError) and error.args[0] not in UNKNOWN:
                if token_of(error) not in undone_by:
                    raise
                continue
            if not comes_back:
                return done
            time.sleep(0.2)
    return done


def under_load(
    callers: Sequence[Caller], meanwhile: Callable[[], object], *, comes_back: bool
) -> int:
    """Let all of them call while ``meanwhile`` runs, and one more sweep; return its rounds.

    With ``comes_back``, a caller that lost its server connects again; else it is done.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(len(callers) + 1) as pool:
        working = [pool.submit(each.work, stop, comes_back) for each in callers]
        sweeping = pool.submit(sweep, callers[0].connect, stop, comes_back, callers[0].undone_by)
        try:
            meanwhile()
        finally:
            stop.set()
        for each in working:
            each.result(timeout=120)
        return sweeping.result(timeout=120)
