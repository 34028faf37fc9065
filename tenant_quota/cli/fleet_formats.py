"""Machine formats of a fleet: what the command says of each server, as one document."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO

from tenant_quota.cli.output import plain
from tenant_quota.cli.verify_formats import as_document, escaped


@dataclass(frozen=True)
class Outcome:
    """What a command came to on one server; with an error there is no output."""

    address: str
    exit_code: int
    output: str = ""
    error: str = ""


def worst(outcomes: Sequence[Outcome]) -> int:
    """Return the exit code for all: 2 over 1 over 0."""
    return max(outcome.exit_code for outcome in outcomes)


def as_json(outcomes: Sequence[Outcome], title: str) -> str:
    """Return one object; `result` is what the command answers for that server alone."""
    data = {
        "exit_code": worst(outcomes),
        "servers": [
            {
                "address": outcome.address,
                "exit_code": outcome.exit_code,
                "error": outcome.error or None,
                "result": json.loads(outcome.output) if outcome.output else None,
            }
            for outcome in outcomes
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def as_csv(outcomes: Sequence[Outcome], title: str) -> str:
    """Return one header and all rows, the address in front; a server that failed has no row."""
    columns = {"address": None}
    rows = []
    for outcome in outcomes:
        reader = csv.DictReader(StringIO(outcome.output, newline=""))
        columns |= dict.fromkeys(reader.fieldnames or ())  # another version may have others
        rows += [{"address": outcome.address, **row} for row in reader]
    out = StringIO()
    writer = csv.DictWriter(out, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_junit(outcomes: Sequence[Outcome], title: str) -> str:
    """Return JUnit's XML with a suite for each server; one that failed is an error."""
    suites = ET.Element("testsuites", name=title)
    for outcome in outcomes:
        if outcome.output:
            # Our own output, not somebody's XML.
            suite = ET.fromstring(outcome.output)  # noqa: S314
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
    return as_document(suites)


def as_github(outcomes: Sequence[Outcome], title: str) -> str:
    """Return GitHub's workflow commands; each annotation's title names the server."""
    lines = []
    for outcome in outcomes:
        where = f"title={escaped(f'{title} {outcome.address}', ':,')}"
        if outcome.error:
            lines.append(f"::error {where}::{escaped(outcome.error)}")
        for line in outcome.output.rstrip("\n").split("\n") if outcome.output else ():
            annotation = re.match(r"(::\w+ )title=[^,:]*", line)
            if annotation:
                lines.append(f"{annotation[1]}{where}{line[annotation.end() :]}")
            else:
                lines.append(f"{outcome.address}: {line}")
    return "\n".join(lines) + "\n"


FORMATS: dict[str, Callable[[Sequence[Outcome], str], str]] = {
    "json": as_json,
    "csv": as_csv,
    "junit": as_junit,
    "github": as_github,
}
