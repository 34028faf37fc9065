"""Series as Prometheus sees them: out of its text format, and out of the exporter's configuration."""

from __future__ import annotations

import re
from typing import Any

import yaml
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from tests.helpers import TOP

FOLDER = TOP / "monitoring"
Labels = frozenset[tuple[str, str]]
Series = dict[tuple[str, Labels], float]

_SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = {r"\\": "\\", r"\n": "\n", r"\"": '"'}


def read(name: str) -> Any:
    """Return a file of monitoring/ as YAML has it; JSON is YAML too."""
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def queries() -> list[dict[str, Any]]:
    """Return what the exporter asks."""
    (job,) = read("sql_exporter.yml")["jobs"]
    found: list[dict[str, Any]] = job["queries"]
    return found


def parse(text: str) -> Series:
    """Return the samples of Prometheus' text format; one that is there twice is an error."""
    found: Series = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample, line
        labels = frozenset(
            (name, re.sub(r"\\.", lambda m: _ESCAPED[m[0]], value))
            for name, value in _LABEL.findall(sample[2] or "")
        )
        assert (sample[1], labels) not in found, line
        found[sample[1], labels] = float(sample[3])
    return found


def exported(connection: Connection[Any], **server: str) -> Series:
    """Return the series that the exporter's answers become by the rules of prometheus.yml."""
    found: Series = {}
    for query in queries():
        with connection.cursor(DictCursor) as cursor:
            cursor.execute(query["query"])  # no arguments: % is itself
            for row in cursor.fetchall():
                for column in query["values"]:
                    raw = {"__name__": f"sql_{query['name']}", "sql_job": "x", "col": column}
                    raw |= {name: row[name] for name in query["labels"]}
                    labels = relabelled(raw | {"driver": "mysql", "user": "x"} | server)
                    key = labels.pop("__name__"), frozenset(labels.items())
                    assert key not in found, key
                    found[key] = float(row[column])
    return found


def relabelled(labels: dict[str, str]) -> dict[str, str]:
    """Apply the rules of prometheus.yml, as far as they use what Prometheus offers."""
    (scrape,) = read("prometheus.yml")["scrape_configs"]
    for rule in scrape["metric_relabel_configs"]:
        if rule.get("action") == "labeldrop":
            labels = {k: v for k, v in labels.items() if not re.fullmatch(rule["regex"], k)}
        elif match := re.fullmatch(
            rule["regex"], ";".join(labels.get(name, "") for name in rule["source_labels"])
        ):
            value = match.expand(rule["replacement"].replace("$", "\\"))
            labels = labels | {rule["target_label"]: value}
    return {name: value for name, value in labels.items() if value}  # an empty label is none
