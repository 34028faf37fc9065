"""What `verify` found, for programs: data, JUnit's suite, GitHub's annotations."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable

from tenant_quota.apply.object_files import path_in
from tenant_quota.cli.output import plain
from tenant_quota.cli.report import Annotation, Annotations
from tenant_quota.paths import is_checkout, sql_root
from tenant_quota.schema.diff import DIFFERENCE, UNSEEN, Finding
from tenant_quota.schema.verify import Report, heading

_LEVELS = {DIFFERENCE: "error", UNSEEN: "error"}


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


def as_data(report: Report) -> dict[str, object]:
    """Return one object; findings keep text as the server has it."""
    return {
        "database": report.database,
        "server": report.server,
        "result": {0: "same", 1: "different", 2: "incomplete"}[report.exit_code],
        "differences": [_plain_data(finding) for finding in report.differences],
        "unseen": [_plain_data(finding) for finding in report.unseen],
        "notes": [_plain_data(finding) for finding in report.notes],
    }


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


def as_suite(report: Report) -> ET.Element:
    """Return JUnit's suite: a test case for each object; what cannot be seen is an error."""
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
    return suite


def as_annotations(report: Report) -> Annotations:
    """Return an annotation for each finding, and what there is in all.

    In a checkout of this project a difference points at the object's file.
    """
    annotations = []
    for finding in (*report.differences, *report.unseen, *report.notes):
        kind, _, name = finding.object.partition(" ")
        file = path_in(sql_root(), kind.upper(), name) if is_checkout() else None
        file = file if finding.level == DIFFERENCE else None
        message = "\n".join([plain(finding), *(legible(line) for line in finding.diff)])
        annotations.append(Annotation(_LEVELS.get(finding.level, "notice"), message, file or ""))
    count = len(report.differences)
    result = f"{count} differences" if count else "No difference"
    title = f"tenant-quota verify {report.database}"
    return Annotations(title, annotations, f"{result}: {plain(heading(report))}")
