"""What a command has found, and how programs get it: JSON, CSV, JUnit's XML and more.

A command returns a `Report`. Printing it is for `each_server`: of one server as it is, of
several as one document.
"""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

from tenant_quota.cli.output import machine_value


@dataclass(frozen=True)
class Report:
    """What a command found on one server."""

    show: Callable[[], None]  # prints it for people
    documents: Mapping[str, Callable[[], Any]]  # format: what its writer takes
    exit_code: int = 0


@dataclass(frozen=True)
class Annotation:
    """What GitHub shows at a file, or at the run."""

    level: str  # error or notice
    message: str
    file: str = ""

    def line(self, title: str) -> str:
        """Return the workflow command."""
        where = {"title": title, "file": self.file}
        said = ",".join(f"{key}={escaped(text, ':,')}" for key, text in where.items() if text)
        return f"::{self.level} {said}::{escaped(self.message)}"


@dataclass(frozen=True)
class Annotations:
    """All annotations of one server, under one title, and what the last line says."""

    title: str
    annotations: Sequence[Annotation] = field(default_factory=tuple)
    result: str = ""


@dataclass(frozen=True)
class Metric:
    """What Prometheus knows by one name, and its samples: labels and a value each."""

    name: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], object]]


def escaped(text: str, also: str = "") -> str:
    """Return text as workflow commands take it: percent, line ends, and ``also``."""
    for character in ("%", "\r", "\n", *also):
        text = text.replace(character, f"%{ord(character):02X}")
    return text


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


def write_csv(out: TextIO, lines: Iterable[Sequence[Any]]) -> None:
    """Write lines, the header first; NULL is empty, times are ISO 8601."""
    csv.writer(out, lineterminator="\n").writerows(map(csv_values, lines))


def csv_values(values: Iterable[Any]) -> list[Any]:
    """Return a line's values as CSV has them."""
    return [machine_value(each) if isinstance(each, datetime) else each for each in values]


def write_junit(out: TextIO, element: ET.Element) -> None:
    """Write an element and what is in it as a file of XML."""
    ET.indent(element)
    text = ET.tostring(element, encoding="unicode")
    out.write(f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n')


def write_github(out: TextIO, found: Annotations) -> None:
    """Write GitHub's workflow commands, then one line."""
    lines = [each.line(found.title) for each in found.annotations]
    out.write("\n".join([*lines, found.result]) + "\n")


def write_prometheus(out: TextIO, metrics: Iterable[Metric]) -> None:
    """Write Prometheus' text format; a metric without samples is left out."""
    for metric in metrics:
        kind = "counter" if metric.name.endswith("_total") else "gauge"
        if metric.samples:
            out.write(f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {kind}\n")
        for labels, value in metric.samples:
            pairs = ",".join(f'{key}="{_label_value(text)}"' for key, text in labels.items())
            out.write(f"{metric.name}{{{pairs}}} {value}\n")


def _label_value(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


WRITERS: dict[str, Callable[[TextIO, Any], None]] = {
    "json": write_json,
    "csv": write_csv,
    "junit": write_junit,
    "github": write_github,
    "prometheus": write_prometheus,
}
