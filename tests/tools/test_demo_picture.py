"""docs/demo.svg shows what the demo says today: its statements, titles and answers."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tenant_quota.cli.demo import SCRIPT, read_steps
from tools.demo_picture import COLUMNS, GAP, PICTURE, RIGHT_BEGINS, draw

SVG = "{http://www.w3.org/2000/svg}"


def squeezed(text: str) -> str:
    """Return a text without spaces: then it does not show where a long line was continued."""
    return re.sub(r"\s", "", text)


def shown(svg: str) -> str:
    """Return the texts of a picture without spaces, the left column before the right."""
    root = ElementTree.fromstring(svg)
    width = max(float(each.attrib["width"]) for each in root.iter(f"{SVG}rect"))
    middle = width * (COLUMNS + GAP / 2) / (2 * COLUMNS + GAP)
    texts = []
    for each in root.iter(f"{SVG}text"):
        if "clip-path" in each.attrib:  # else it is the window's title
            x, y = float(each.attrib["x"]), float(each.attrib["y"])
            texts.append((x > middle, y, x, each.text or ""))
    return squeezed("".join(text for *_, text in sorted(texts)))


def what_is_missing(svg: str) -> str:
    """Return the first statement, title or answer of the demo that is not in its place.

    Answers are those that the demo itself checks: no time and no duration is among them. The
    column `transaction` (OWN) is none of those that the demo prints.
    """
    text = shown(svg)
    at = 0
    expected = ""
    for step in read_steps(SCRIPT.read_text(encoding="utf-8")):
        statement = re.sub(r"\b123\b", "1", step.statement)  # the quota's real id
        said = squeezed(f"{step.title}\n{statement};")
        found = text.find(said, at)
        if found < 0:
            return statement
        for part in expected.split(", "):
            if part != "OWN" and squeezed(part) not in text[at:found]:
                return part
        at, expected = found + len(said), step.expected
    return ""


def test_every_statement_stands_there_in_order_with_its_title_and_its_answer():
    assert what_is_missing(PICTURE.read_text(encoding="utf-8")) == "", "run `make picture`"


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("REPLAYED", "GRANTED", "REPLAYED"),
        ("DO&#160;SLEEP(1.1)", "DO&#160;SLEEP(9)", "DO SLEEP(1.1)"),
        ("SCENARIO&#160;5", "SCENARIO&#160;6", "SELECT tenant_id"),
    ],
)
def test_a_picture_of_another_demo_is_noticed(old, new, missing):
    svg = PICTURE.read_text(encoding="utf-8")
    assert old in svg
    assert what_is_missing(svg.replace(old, new)).startswith(missing)


def test_it_shows_the_monitor_and_nothing_of_a_machine():
    text = shown(PICTURE.read_text(encoding="utf-8"))
    assert "What`tenant-quotamonitor`showsnow." in text
    assert "4limits:2EXCEEDED,1WARNING,1NORMAL" in text
    for word in ("Lookaround", "127.0.0.1", "localhost", "root"):
        assert word not in text


def test_it_fetches_nothing():
    svg = PICTURE.read_text(encoding="utf-8")
    assert "http" not in re.sub(r'xmlns="[^"]+"|<!--.*?-->', "", svg)


def test_an_output_is_drawn_in_two_columns_without_its_first_and_last_lines():
    bold, plain = "\033[1m", "\033[0m"
    output = f"applied\n{bold}\nleft{plain}\n{bold}\n{RIGHT_BEGINS}{plain}\nright\n\nLook around\n"
    assert shown(draw(output)) == squeezed(f"left {RIGHT_BEGINS} right")
