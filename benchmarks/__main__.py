"""Measure, part by part, and say which targets are met: ``make bench``.

Exit code 0 when everything was measured, whatever came out; 1 if a part failed; 2 if
something must be installed first.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks import machine, picture, report
from benchmarks.bench import FULL, QUICK, Bench
from benchmarks.server import schema, server

#: In the order of the run: the large database is filled when growth asks for it.
PARTS = (
    *("spread", "hot", "slots", "connections", "joined", "limits", "ancestors", "rate", "shadow"),
    *("replays", "denials", "tokens", "leases", "reservations", "batches"),
    *("cpu", "cpu_connections", "instructions", "first_call", "memory"),
    *("node", "redis", "reset", "growth", "monitor"),
)


@click.command(help="Measure tenant-quota and its peers side by side, in alternating rounds.")
@click.option("--only", metavar="PART,...", help=f"Some of: {', '.join(PARTS)}.")
@click.option("--quick", is_flag=True, help="A few minutes: small, one round of 1 s.")
@click.option("--rounds", type=click.IntRange(1), help=f"Default {FULL.rounds}.")
@click.option("--seconds", type=click.IntRange(1), help=f"Of one run; default {FULL.seconds}.")
@click.option("--quotas", type=click.IntRange(1), help=f"Large database; default {FULL.quotas:,}.")
@click.option("--records", type=click.IntRange(1), help=f"In its ledger; default {FULL.records:,}.")
@click.option("--due", type=click.IntRange(1), help=f"Quotas to reset; default {FULL.due:,}.")
@click.option("--buffer-pool", help=f"MySQL's; default {FULL.buffer_pool}.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/bench"),
    show_default=True,
    help="Folder of results.json, results.svg and README.md. Parts that are not run stay there.",
)
def main(only: str | None, quick: bool, output: Path, **sizes: Any) -> None:
    """Run the parts; what is done is kept, also when a later part fails."""
    console = Console(highlight=False, soft_wrap=True)
    names = only.split(",") if only else list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise click.UsageError(f"No such part: {', '.join(unknown)}. There are {', '.join(PARTS)}.")
    try:
        parts = {name: importlib.import_module(f"benchmarks.parts.{name}") for name in names}
    except ModuleNotFoundError as error:
        raise click.UsageError(f"{error}. Install it: pip install '.[bench]'") from None
    packages = machine.missing(need for part in parts.values() for need in part.NEEDS)
    if packages:
        raise click.UsageError(
            f"Something is not installed. On Debian and Ubuntu: apt-get install"
            f" {' '.join(packages)}. Or leave its parts out: --only"
        )
    named = {name: value for name, value in sizes.items() if value is not None}
    size = replace(QUICK if quick else FULL, **named)

    failed = False
    with server(size.buffer_pool) as sandbox:
        with schema(sandbox) as probe:
            facts = machine.facts(probe)
        results = {"machine": facts, "parts": known(output, facts)}
        bench = Bench(sandbox, size, console.print)
        for name, part in parts.items():
            console.print(f"[bold]{name}[/]: {part.TITLE}")
            try:
                cases = part.run(bench)
            except Exception:
                failed = True
                traceback.print_exc()
                continue
            results["parts"][name] = {
                "title": part.TITLE,
                "date": f"{date.today():%Y-%m-%d}",
                "commit": machine.commit(),
                "size": asdict(size),
                "cases": {
                    case: [{k: report.rounded(v) for k, v in run.items()} for run in runs]
                    for case, runs in cases.items()
                },
            }
            write(output, results)
    show(console, results)
    sys.exit(failed)


def known(output: Path, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the parts that earlier runs left in the folder; another machine's are dropped."""
    path = output / "results.json"
    before = report.read(path) if path.exists() else {"machine": facts, "parts": {}}
    same = all(before["machine"][each] == facts[each] for each in ("cpu", "cores", "mysql"))
    return dict(before["parts"]) if same else {}


def write(output: Path, results: dict[str, Any]) -> None:
    """Write the results, the picture, and the page's part between its markers."""
    results["parts"] = {name: results["parts"][name] for name in PARTS if name in results["parts"]}
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (output / "results.json").write_text(text + "\n", encoding="utf-8")
    (output / "results.svg").write_text(picture.draw(results), encoding="utf-8")
    readme = output / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    readme.write_text(report.into_page(text, results), encoding="utf-8")


def show(console: Console, results: dict[str, Any]) -> None:
    """Print the targets."""
    table = Table("", "target", "measured", "", title="Medians of ratios (slowest to fastest)")
    for text, bound, measured, verdict in report.judged(results):
        colour = {"met": "green", "missed": "red"}.get(verdict, "dim")
        table.add_row(text, bound, measured, f"[{colour}]{verdict}[/]")
    console.print(table)


if __name__ == "__main__":
    main()
