"""Machine formats of a fleet: what the command found on each server, as one document."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from tenant_quota.cli.output import plain
from tenant_quota.cli.report import Annotation, csv_values, write_json, write_junit


@dataclass(frozen=True)
class Outcome:
    """What a command came to on one server; with an error there is no document."""

    address: str
    exit_code: int
    document: Any = None
    error: str = ""


def worst(outcomes: Sequence[Outcome]) -> int:
    """Return the exit code for all: 2 over 1 over 0."""
    return max(outcome.exit_code for outcome in outcomes)


def write_all_json(out: TextIO, outcomes: Sequence[Outcome], title: str) -> None:
    """Write one object; `result` is what the command answers for that server alone."""
    servers = [
        {
            "address": outcome.address,
            "exit_code": outcome.exit_code,
            "error": outcome.error or None,
            "result": outcome.document,
        }
        for outcome in outcomes
    ]
    write_json(out, {"exit_code": worst(outcomes), "servers": servers})


def write_all_csv(out: TextIO, outcomes: Sequence[Outcome], title: str) -> None:
    """Write one header and all rows, the address in front; a server that failed has no row."""
    columns = {"address": None}
    rows = []
    for outcome in outcomes:
        header, *lines = outcome.document or [()]
        columns |= dict.fromkeys(header)  # another version may have others
        for line in lines:
            values = dict(zip(header, csv_values(line), strict=True))
            rows.append({"address": outcome.address, **values})
    writer = csv.DictWriter(out, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def write_all_junit(out: TextIO, outcomes: Sequence[Outcome], title: str) -> None:
    """Write JUnit's XML with a suite for each server; one that failed is an error."""
    suites = ET.Element("testsuites", name=title)
    for outcome in outcomes:
        suite = outcome.document
        if suite is not None:
            for case in suite.iter("testcase"):
                case.set("classname", outcome.address)
        else:
            suite = ET.Element("testsuite", tests="1", failures="0", errors="1")
            case = ET.SubElement(suite, "testcase", classname=outcome.address, name=title)
            ET.SubElement(case, "error", message=" ".join(map(plain, outcome.error.split("\n"))))
        suite.set("name", f"{title} {outcome.address}")
        suites.append(suite)
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    write_junit(out, suites)


def write_all_github(out: TextIO, outcomes: Sequence[Outcome], title: str) -> None:
    """Write GitHub's workflow commands; each annotation's title names the server."""
    for outcome in outcomes:
        named = f"{title} {outcome.address}"
        if outcome.error:
            out.write(Annotation("error", outcome.error).line(named) + "\n")
        else:
            out.writelines(f"{each.line(named)}\n" for each in outcome.document.annotations)
            out.write(f"{outcome.address}: {outcome.document.result}\n")


FORMATS: dict[str, Callable[[TextIO, Sequence[Outcome], str], None]] = {
    "json": write_all_json,
    "csv": write_all_csv,
    "junit": write_all_junit,
    "github": write_all_github,
}
