"""The picture: the median rates as bars, with a whisker from the slowest to the fastest round."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from benchmarks.measure import Cases, figure
from benchmarks.report import shown

PARTS = (
    *(
        "spread",
        "hot",
        "slots",
        "connections",
        "node",
        "redis",
        "joined",
        "limits",
        "ancestors",
        "rate",
    ),
    *("shadow", "tokens", "leases", "reservations", "denials", "batches", "growth"),
)
WIDTH, LABEL, BAR, ROW, GAP = 860, 290, 440, 22, 46  # pixels
OURS, THEIRS, WHISKER = "#2563a8", "#9aa5b1", "#1f2933"
STYLE = "font-family='sans-serif' fill='#1f2933'"


def is_ours(name: str) -> bool:
    """Whether a case is this package's own work, or a peer's."""
    peers = ("plain UPDATE", "floor", "scenario 2", "rate-limiter", "Redis", "limits on")
    return not any(peer in name for peer in peers)


def panel(title: str, cases: Cases, top: int) -> list[str]:
    """Draw one part's bars below its title."""
    spreads = {name: figure(cases, name, "rate") for name in cases}
    longest = max(each.high for each in spreads.values())
    lines = [
        f"<text x='12' y='{top}' font-size='15' font-weight='bold' {STYLE}>{escape(title)}</text>"
    ]
    for number, (name, each) in enumerate(spreads.items()):
        y = top + 12 + number * ROW
        length, low, high = (
            round(BAR * value / longest, 1) for value in (each.median, each.low, each.high)
        )
        middle = y + 7
        lines += [
            f"<text x='{LABEL - 8}' y='{y + 12}' font-size='12' text-anchor='end' {STYLE}>"
            f"{escape(name)}</text>",
            f"<rect x='{LABEL}' y='{y}' width='{length}' height='14'"
            f" fill='{OURS if is_ours(name) else THEIRS}'/>",
            f"<path d='M{LABEL + low} {middle}H{LABEL + high}' stroke='{WHISKER}'/>",
            f"<text x='{LABEL + high + 6}' y='{y + 12}' font-size='12' {STYLE}>"
            f"{shown(each.median)}</text>",
        ]
    return lines


def draw(results: dict[str, Any]) -> str:
    """Return the SVG of the parts that have rates."""
    lines: list[str] = []
    top = 56
    for name in PARTS:
        part = results["parts"].get(name)
        if part is not None:
            lines += panel(part["title"], part["cases"], top)
            top += GAP + ROW * len(part["cases"])
    legend = "calls or items a second: medians, and from the slowest to the fastest round"
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {top - 20}'"
            f" width='{WIDTH}' height='{top - 20}'>",
            "<rect width='100%' height='100%' fill='white'/>",
            f"<text x='12' y='24' font-size='12' {STYLE}>{legend}; blue: tenant-quota</text>",
            *lines,
            "</svg>\n",
        ]
    )
