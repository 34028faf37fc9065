"""Ending a run at one of its statements, as clients, networks and servers die.

Statements are counted as the client sends them, reads and commits among them. What follows
the end is the client's own error handling, on the connections that it has left.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pymysql.connections import Connection
from pymysql.constants import COMMAND

#: When the end comes: before the server has the statement; while it works on it; or when it
#: has done it and the client has not heard so.
MOMENTS = ("before", "during", "after")
READS = ("SELECT", "SHOW", "SET")
Kill = Callable[[Any], None]  # of PyMySQL's connection, whose inside has no types


def cut_connection(connection: Any) -> None:
    """Cut this one connection; the client keeps its others."""
    connection._sock.shutdown(socket.SHUT_RDWR)


def end_process(connection: Any) -> None:
    """End this process as kill -9 does: all its connections are suddenly gone."""
    os._exit(9)


@dataclass
class Statements:
    """The statements that were sent, and the one at which the end came, if it did."""

    sent: list[str] = field(default_factory=list)
    ended_at: str = ""


@contextmanager
def ended_at(
    number: int, moment: str, kill: Kill, *, writes_only: bool = False
) -> Iterator[Statements]:
    """Within this, ``kill`` happens at the ``number``-th statement; 0 is never.

    With ``writes_only`` reads are passed over: a server that dies at one of them holds what
    the last write left.
    """
    statements = Statements()
    inside: Any = Connection
    send = inside._execute_command

    def counted(self: Any, command: int, sql: Any) -> None:
        text = sql.decode("utf-8", "replace") if isinstance(sql, bytes) else str(sql)
        if command != COMMAND.COM_QUERY or (writes_only and text.startswith(READS)):
            send(self, command, sql)
            return
        statements.sent.append(text)
        ends = len(statements.sent) == number
        if ends:
            statements.ended_at = text
        if ends and moment == "before":
            kill(self)
        send(self, command, sql)
        if ends and moment == "after":
            select.select([self._sock], [], [], 60)
            self._sock.recv(1 << 20)  # what the client is not to hear
        if ends and moment != "before":
            kill(self)

    inside._execute_command = counted
    try:
        yield statements
    finally:
        inside._execute_command = send


def run_and_end(
    work: Callable[[], object], number: int, moment: str, kill: Kill, *, writes_only: bool = False
) -> str:
    """Run ``work`` and end it so; return the statement, empty if it had no more that many.

    An error is what such an end looks like. One without it is raised.
    """
    if kill is end_process:
        return run_in_a_process(work, number, moment, kill)
    with ended_at(number, moment, kill, writes_only=writes_only) as statements:
        try:
            work()
        except Exception:
            if not statements.ended_at:
                raise
    return statements.ended_at


def run_in_a_process(work: Callable[[], object], number: int, moment: str, kill: Kill) -> str:
    """Do the same in a process of its own, which ``kill`` ends as ``end_process`` does."""
    child = os.fork()
    if child == 0:
        try:
            with ended_at(number, moment, kill):
                work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), "the work failed of itself"
    return f"statement {number}" if code == 9 else ""
