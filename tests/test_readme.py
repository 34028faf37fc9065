"""The READMEs promise what is there: every signature, and every example with its answer."""

from __future__ import annotations

import os
import re
from contextlib import closing
from pathlib import Path

import pytest

from tenant_quota.cli.demo import Step, ask, differs, read_steps, show
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import resolve
from tests.support import apply_everything

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "docs/README.zh-CN.md"]
# Each page in English, and the same in Chinese.
PAIRS = [(ROOT / "README.md", ROOT / "docs/README.zh-CN.md")] + [
    (page, page.with_name(f"{page.stem}.zh-CN.md"))
    for page in sorted((ROOT / "docs").glob("*.md"))
    if not page.stem.endswith(".zh-CN")
]
OPERATIONS = ROOT / "docs/operations.md"
in_each_language = pytest.mark.parametrize("readme", READMES, ids=lambda path: path.stem)


def blocks(readme: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    text = readme.read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found


def examples(readme: Path) -> list[Step]:
    """Return the statements of all SQL blocks in order."""
    return [step for block in blocks(readme, "sql") for step in read_steps(block)]


def public_signatures() -> set[str]:
    """Return ``name(p_one, p_two)`` of each procedure whose first line does not say internal."""
    signatures = set()
    for file in (ROOT / "procedures").glob("*.sql"):
        text = file.read_text(encoding="utf-8")
        if text.startswith(f"-- {file.stem}: internal:"):
            continue
        created = re.search(r"^CREATE PROCEDURE (\w+)\s*\((.*?)^\)", text, re.MULTILINE | re.DOTALL)
        assert created, file
        parameters = re.findall(r"^ +(?:IN|OUT|INOUT) +(\w+)", created[2], re.MULTILINE)
        signatures.add(f"{created[1]}({', '.join(parameters)})")
    return signatures


@in_each_language
def test_every_public_procedure_stands_there_with_its_signature_and_no_other(readme):
    lines = [line for block in blocks(readme, "text") for line in block.splitlines()]
    assert len(lines) == len(set(lines))
    assert set(lines) == public_signatures()


@in_each_language
def test_every_public_procedure_has_an_example(readme):
    called = re.findall(r"CALL (\w+)\(", "\n".join(step.statement for step in examples(readme)))
    assert set(called) == {signature.partition("(")[0] for signature in public_signatures()}


@in_each_language
def test_every_example_gives_the_answer_that_stands_beside_it(readme, empty_schema):
    apply_everything(empty_schema)
    wrong = []
    with closing(connect_to_database(resolve(url=empty_schema))) as connection:
        for event in (ROOT / "events").glob("*.sql"):
            ask(connection, f"ALTER EVENT {event.stem} DISABLE")  # else it may be BUSY by chance
        for step in examples(readme):
            answer = ask(connection, step.statement)
            missing = differs(step.expected, answer)
            if missing:
                wrong.append(f"{step.statement}\n  {missing!r} is not in {show(answer)}")
            is_silent = answer.rows == [] and not answer.error
            assert bool(step.expected) != is_silent, f"no answer beside {step.statement}"
    assert wrong == []


def test_what_measures_the_sizes_runs_as_it_stands_there(empty_schema):
    apply_everything(empty_schema)
    measure, fill = (list(read_steps(block)) for block in blocks(OPERATIONS, "sql"))
    with closing(connect_to_database(resolve(url=empty_schema))) as connection:
        answers = [ask(connection, step.statement) for step in fill + measure]
    assert [answer.error for answer in answers if answer.error] == []
    sizes = {row["TABLE_NAME"]: row for row in answers[-1].rows}
    assert sizes["quota_usage_records"]["TABLE_ROWS"] > 1000
    assert sizes["quota_usage_records"]["bytes_a_row"] > 0


def test_both_languages_have_the_same_examples():
    english, chinese = (
        [(step.statement.split(), step.expected) for step in examples(readme)] for readme in READMES
    )
    assert english == chinese


def commands(page: Path) -> list[str]:
    """Return the lines of all blocks, fenced and indented, without their comments."""
    lines, language = [], ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            language = "" if language else line[3:]
        elif language or re.match(r" {4,}\S", line):
            mark = {"sql": "-- ", "java": "// "}.get(language, "# ")
            lines.append(re.split(rf"(?:^|\s){mark}", line)[0].rstrip())
    return [line for line in lines if line.strip()]


def prose(page: Path) -> str:
    """Return the page without its fenced blocks."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def shape(page: Path) -> list[str]:
    """Return the kinds of headings, list items and table rows in order."""
    return re.findall(r"^(#+|-|\d+\.|\|)(?= )", prose(page), re.MULTILINE)


def names_and_numbers(page: Path) -> set[str]:
    """Return what stands in backquotes, and the numbers of three digits and more."""
    text = " ".join(prose(page).split())
    return set(re.findall(r"`([^`]+)`", text)) | set(re.findall(r"\d{3,}", text))


pair = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda path: path.stem)


@pair
def test_both_languages_have_the_same_commands(english, chinese):
    assert commands(english)
    assert commands(english) == commands(chinese)


@pair
def test_both_languages_have_the_same_shape(english, chinese):
    assert shape(english) == shape(chinese)


@pair
def test_both_languages_have_the_same_names_and_numbers(english, chinese):
    assert names_and_numbers(english) == names_and_numbers(chinese)


@pair
def test_each_language_leads_to_the_other(english, chinese):
    for page, other in ((english, chinese), (chinese, english)):
        assert f"({os.path.relpath(other, page.parent)})" in page.read_text("utf-8")


@pytest.mark.parametrize("page", [page for both in PAIRS for page in both], ids=lambda p: p.name)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []
