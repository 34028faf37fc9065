"""The benchmark's page says what its results say, and its arithmetic is right. Nothing is timed."""

from __future__ import annotations

from functools import partial

import pytest

from benchmarks import picture, report
from benchmarks.measure import Spread, alternate, ratio
from benchmarks.server import HERE
from benchmarks.targets import TARGETS, Target

RESULTS = report.read(HERE / "results.json")
CASES = {
    "ours": [{"rate": 30.0}, {"rate": 8.0}, {"rate": 9.0}],
    "theirs": [{"rate": 10.0}, {"rate": 4.0}, {"rate": 1.0}],
}


def test_the_page_is_made_of_the_results():
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert report.into_page(text, RESULTS) == text


def test_the_picture_is_made_of_the_results():
    assert picture.draw(RESULTS) == (HERE / "results.svg").read_text(encoding="utf-8")


def test_a_ratio_is_taken_round_by_round_and_then_its_median():
    assert ratio(CASES, "ours", "theirs", "rate") == Spread(3.0, 2.0, 9.0)


def test_every_case_runs_once_in_a_round_and_rounds_begin_with_different_ones():
    seen: list[str] = []

    def work(name: str) -> dict[str, float]:
        seen.append(name)
        return {"rate": float(len(seen))}

    cases = alternate({name: partial(work, name) for name in "abc"}, rounds=4)
    assert "".join(seen) == "abcbcacababc"
    assert [run["rate"] for run in cases["b"]] == [2.0, 4.0, 9.0, 11.0]


@pytest.mark.parametrize(
    ("bound", "at_least", "verdict"),
    [(3, True, True), (3.1, True, False), (3, False, True), (2.9, False, False)],
)
def test_a_bound_is_on_the_median_ratio(bound, at_least, verdict):
    target = Target("part", "", "ours", "theirs", bound, at_least)
    measured = target.measured({"part": CASES})
    assert measured is not None
    assert target.is_met(measured) is verdict


def test_a_bound_on_a_figure_itself_is_on_the_worst_round():
    target = Target("part", "", "ours", None, 29, at_least=False)
    measured = target.measured({"part": CASES})
    assert measured == Spread(9.0, 8.0, 30.0)
    assert not target.is_met(measured)


def test_every_target_finds_its_figures_in_the_results():
    measured = [target.measured(report.cases_of(RESULTS)) for target in TARGETS]
    assert all(each is not None for each in measured)
