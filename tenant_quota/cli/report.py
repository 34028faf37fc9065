"""What a command has found, and how programs get it: JSON, CSV, JUnit's XML and lines of text.

A command returns a `Report`. `server_command` prints it: of one server as it is, of several
as one document.
"""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

from tenant_quota.cli.output import machine_value, plain


@dataclass(frozen=True)
class Report:
    """What a command found on one server.

    ``documents`` make what the writer of a format takes; each gets the server's address, or
    nothing where it is the only one.
    """

    show: Callable[[], object]  # prints it for people
    documents: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    exit_code: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a command came to on one of several servers; with an error there is no result."""

    address: str
    exit_code: int
    error: str | None = None
    result: Any = None


def worst(outcomes: Sequence[Outcome]) -> int:
    """Return the exit code for all: 2 over 1 over 0."""
    return max(outcome.exit_code for outcome in outcomes)


def write_json(out: TextIO, data: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> None:
    """Write an object, or an array with an element a line; those may come one by one."""
    if isinstance(data, Mapping):
        text = json.dumps(data, ensure_ascii=False, indent=2, default=machine_value)
        out.write(f"{text}\n")
        return
    before = "[\n"
    for each in data:
        out.write(before + json.dumps(each, ensure_ascii=False, default=machine_value))
        before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def write_all_json(out: TextIO, outcomes: Sequence[Outcome], title: str) -> None:
    """Write one object; `result` is what the command answers for that server alone."""
    servers = [vars(outcome) for outcome in outcomes]
    write_json(out, {"exit_code": worst(outcomes), "servers": servers})


def write_csv(out: TextIO, lines: Iterable[Sequence[Any]]) -> None:
    """Write lines, the header first; NULL is empty, times are ISO 8601."""
    csv.writer(out, lineterminator="\n").writerows(
        [machine_value(each) if isinstance(each, datetime) else each for each in line]
        for line in lines
    )


def write_all_csv(out: TextIO, outcomes: Sequence[Outcome], title: str) -> None:
    """Write one header and all rows, the address in front; a server that failed has no row."""
    tables = [(outcome.address, outcome.result) for outcome in outcomes if outcome.result]
    # Another version may have other columns.
    columns = list(dict.fromkeys(name for _, (header, *_) in tables for name in header))
    rows = [
        [address, *(dict(zip(header, line, strict=True)).get(name) for name in columns)]
        for address, (header, *lines) in tables
        for line in lines
    ]
    write_csv(out, [["address", *columns], *rows])


def write_junit(out: TextIO, element: ET.Element) -> None:
    """Write an element and what is in it as a file of XML."""
    ET.indent(element)
    text = ET.tostring(element, encoding="unicode")
    out.write(f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n')


def write_all_junit(out: TextIO, outcomes: Sequence[Outcome], title: str) -> None:
    """Write JUnit's XML with a suite for each server; one that failed is an error."""
    suites = ET.Element("testsuites", name=title)
    for outcome in outcomes:
        suite = outcome.result
        if suite is None:
            name = f"{title} {outcome.address}"
            suite = ET.Element("testsuite", name=name, tests="1", failures="0", errors="1")
            case = ET.SubElement(suite, "testcase", classname=outcome.address, name=title)
            ET.SubElement(
                case, "error", message=" ".join(map(plain, (outcome.error or "").split("\n")))
            )
        suites.append(suite)
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    write_junit(out, suites)


def write_lines(out: TextIO, lines: Iterable[str]) -> None:
    """Write lines of text."""
    out.writelines(f"{line}\n" for line in lines)


def write_all_github(out: TextIO, outcomes: Sequence[Outcome], title: str) -> None:
    """Write GitHub's workflow commands; each annotation's title names the server."""
    for outcome in outcomes:
        lines = outcome.result
        if outcome.error:
            lines = [annotation("error", f"{title} {outcome.address}", outcome.error)]
        write_lines(out, lines)


def annotation(level: str, title: str, message: str, file: str = "") -> str:
    """Return GitHub's workflow command that shows a message at a file, or at the run.

    ``level`` is error or notice.
    """
    where = {"title": title, "file": file}
    told = ",".join(f"{key}={_escaped(text, ':,')}" for key, text in where.items() if text)
    return f"::{level} {told}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    """Return text as workflow commands take it: percent, line ends, and ``also``."""
    for character in ("%", "\r", "\n", *also):
        text = text.replace(character, f"%{ord(character):02X}")
    return text


WRITERS: dict[str, Callable[[TextIO, Any], None]] = {
    "json": write_json,
    "csv": write_csv,
    "junit": write_junit,
    "github": write_lines,
    "prometheus": write_lines,
}
FLEET_WRITERS: dict[str, Callable[[TextIO, Sequence[Outcome], str], None]] = {
    "json": write_all_json,
    "csv": write_all_csv,
    "junit": write_all_junit,
    "github": write_all_github,
}
