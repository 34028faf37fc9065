"""What `verify` found, for programs: JSON, JUnit's XML, GitHub's annotations."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable

from tenant_quota.apply.object_files import path_in
from tenant_quota.cli.output import plain
from tenant_quota.paths import is_checkout, sql_root
from tenant_quota.schema.diff import DIFFERENCE, UNSEEN, Finding
from tenant_quota.schema.verify import Report, heading

_COMMANDS = {DIFFERENCE: "error", UNSEEN: "error"}


def under_one_reason(findings: Iterable[Finding]) -> list[tuple[list[str], str]]:
    """Return the names of all findings that say the same, with what they say."""
    groups: dict[str, list[str]] = {}
    for finding in findings:
        groups.setdefault(finding.what, []).append(finding.name)
    return [(names, what) for what, names in groups.items()]


def told(report: Report) -> str:
    """Return how many objects of each kind were compared."""
    kinds = Counter(name.partition(" ")[0] for name in report.looked_at)
    order = ("table", "procedure", "view", "event", "migration")
    return ", ".join(f"{kinds[kind]} {kind}s" for kind in order)


def legible(line: str) -> str:
    """Return a line of a diff with nothing that a terminal obeys; a tab shows as an arrow."""
    return plain(line.replace("\t", "→   "))


def as_json(report: Report) -> str:
    """Return one object; findings keep text as the server has it."""
    data = {
        "database": report.database,
        "server": report.server,
        "result": {0: "same", 1: "different", 2: "incomplete"}[report.exit_code],
        "differences": [_plain_data(finding) for finding in report.differences],
        "unseen": [_plain_data(finding) for finding in report.unseen],
        "notes": [_plain_data(finding) for finding in report.notes],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _plain_data(finding: Finding) -> dict[str, object]:
    return {
        "object": finding.object,
        "part": finding.part or None,
        "attribute": finding.attribute or None,
        "message": finding.what,
        "expected": finding.expected,
        "found": finding.found,
        "diff": list(finding.diff),
    }


def as_junit(report: Report) -> str:
    """Return JUnit's XML: a test case for each object; what cannot be seen is an error."""
    found: dict[str, list[Finding]] = {name: [] for name in report.looked_at}
    for finding in (*report.differences, *report.unseen):
        found.setdefault(finding.object, []).append(finding)
    suite = ET.Element("testsuite", name="tenant-quota verify", tests=str(len(found)))
    failures = errors = 0
    for name, findings in found.items():
        case = ET.SubElement(suite, "testcase", classname=plain(report.database), name=plain(name))
        failed = [finding for finding in findings if finding.level == DIFFERENCE]
        if findings:
            failures, errors = failures + bool(failed), errors + (not failed)
            element = ET.SubElement(case, "failure" if failed else "error")
            element.set("message", plain("; ".join(str(f) for f in failed or findings)))
            element.text = "\n".join(
                legible(line) for finding in findings for line in (str(finding), *finding.diff)
            )
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    if report.notes:
        notes = ET.SubElement(suite, "system-out")
        notes.text = "\n".join(plain(finding) for finding in report.notes)
    return as_document(suite)


def as_document(element: ET.Element) -> str:
    """Return an element and what is in it as a file of XML."""
    ET.indent(element)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(element, encoding="unicode")}\n'


def as_github(report: Report) -> str:
    """Return GitHub's workflow commands: an annotation for each finding, then one line.

    In a checkout of this project a difference points at the object's file.
    """
    lines = []
    for finding in (*report.differences, *report.unseen, *report.notes):
        properties = {"title": f"tenant-quota verify {report.database}"}
        kind, _, name = finding.object.partition(" ")
        file = path_in(sql_root(), kind.upper(), name)
        if file and finding.level == DIFFERENCE and is_checkout():
            properties["file"] = file
        said = ",".join(f"{key}={escaped(text, ':,')}" for key, text in properties.items())
        message = "\n".join([plain(finding), *(legible(line) for line in finding.diff)])
        lines.append(f"::{_COMMANDS.get(finding.level, 'notice')} {said}::{escaped(message)}")
    count = len(report.differences)
    result = f"{count} differences" if count else "No difference"
    return "\n".join([*lines, f"{result}: {plain(heading(report))}"]) + "\n"


def escaped(text: str, also: str = "") -> str:
    """Return text as workflow commands take it: percent, line ends, and ``also``."""
    for character in ("%", "\r", "\n", *also):
        text = text.replace(character, f"%{ord(character):02X}")
    return text
