"""The results: a JSON file, and from it the page's tables. Nothing is typed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.measure import Cases, Spread, figure
from benchmarks.targets import TARGETS
from benchmarks.works import CONSUMING, EVERY_CALL

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
ENOUGH = 5  # rounds
QUICK = "**A quick run: it shows that this part works, not how fast.**"
#: What the figures are called in the tables; those that are not here are not shown.
COLUMNS = {
    "rate": "a second",
    "p95_ms": "p95, ms",
    "p99_ms": "p99, ms",
    "longest_ms": "longest, ms",
    "reset_seconds": "reset, s",
    "resets": "quotas reset a second",
    "first_ms": "first call, ms",
    "later_ms": "later calls, ms",
    "ms": "ms",
    "cpu_us": "processor, µs",
    **{f"cpu_us_{n}": f"{n} connection{'s' if n > 1 else ''}, µs" for n in (1, 8, 32, 128)},
    "instructions": "instructions, thousands",
    "compiled_mb": "compiled code, MB",
    "binlog_bytes": "binlog, bytes",
    "errors": "deadlocks",
}


def rounded(value: float) -> float:
    """Keep four digits: what noise leaves of a measurement is less."""
    return float(f"{value:.4g}")


def shown(value: float) -> str:
    """Write a number as a table shows it, three digits or so."""
    if value == 0:
        return "0"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values: Spread) -> str:
    """Write a median and, where there is more than one value, how far they reach."""
    if values.low == values.high:
        return shown(values.median)
    return f"{shown(values.median)} ({shown(values.low)} to {shown(values.high)})"


def cases_of(results: dict[str, Any]) -> dict[str, Cases]:
    """Return the cases of every part."""
    return {name: part["cases"] for name, part in results["parts"].items()}


def judged(results: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return for each target what it asks, its bound, what was measured, and met or missed."""
    rows = []
    for target in TARGETS:
        measured = target.measured(cases_of(results))
        bound = f"{'at least' if target.at_least else 'at most'} {target.bound:g}"
        if measured is None:
            rows.append((target.text, bound, "", "not measured"))
        else:
            verdict = "met" if target.is_met(measured) else "missed"
            rows.append((target.text, bound, spread(measured), verdict))
    return rows


def markdown(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return a table's lines."""
    rule = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def part_table(cases: Cases) -> list[str]:
    """Return a part's table: a line per case, medians and spread."""
    columns = [what for what in COLUMNS if any(what in runs[0] for runs in cases.values())]
    if not any(run.get("errors") for runs in cases.values() for run in runs):
        columns = [what for what in columns if what != "errors"]
    rows = [
        [name, *(spread(figure(cases, name, what)) if what in runs[0] else "" for what in columns)]
        for name, runs in cases.items()
    ]
    return markdown(["", *(COLUMNS[what] for what in columns)], rows)


def sizing(cases: Cases) -> str:
    """Return the sentence for whoever sizes a server, out of the part memory.

    It stands on the benchmark's page; a page of docs/ that repeats it can be tested by this.
    """
    some, every = (figure(cases, name, "compiled_mb").median for name in (CONSUMING, EVERY_CALL))
    return (
        f"A connection that consumes holds up to {shown(some)} MB of compiled procedures; one that"
        f" has made every application call, {shown(every)} MB. A pool of 1,000 connections holds"
        f" up to {shown(some)} GB, or {shown(every)} GB."
    )


def page(results: dict[str, Any]) -> str:
    """Return what stands between the markers of the page."""
    machine = results["machine"]
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB; MySQL"
        f" {machine['mysql']}; a durable 4 KiB write takes {machine['sync_us']:.0f} µs.",
        "",
        "![Rates of the parts as bars](results.svg)",
        "",
        "### Targets",
        "",
        *markdown(["", "target", "measured", ""], [list(row) for row in judged(results)]),
    ]
    if any(part["size"]["rounds"] < ENOUGH for part in results["parts"].values()):
        lines += ["", "**Some parts below were run quickly: their lines above prove nothing.**"]
    for name, part in results["parts"].items():
        size = part["size"]
        lines += [
            "",
            f"### {part['title']}",
            "",
            f"`{name}`: {part['date']}, commit {part['commit']}, rounds: {size['rounds']}, of"
            f" {size['seconds']} s{_sizes(name, size)}."
            + ("" if size["rounds"] >= ENOUGH else f" {QUICK}"),
            "",
            *part_table(part["cases"]),
        ]
        if name == "memory":
            lines += ["", sizing(part["cases"])]
    return "\n".join(lines) + "\n"


def _sizes(name: str, size: dict[str, Any]) -> str:
    if name in ("growth", "monitor"):
        return f", {size['quotas']:,} quotas and {size['records']:,} ledger rows"
    return f", {size['due']:,} due quotas" if name == "reset" else ""


def into_page(text: str, results: dict[str, Any]) -> str:
    """Return the page with what stands between its markers made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{page(results)}\n{END}{after}"


def read(path: Path) -> dict[str, Any]:
    """Return the results in a JSON file."""
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return results
