"""The pages promise what is there: every signature, every example with its answer, every link."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tenant_quota.cli import main
from tenant_quota.cli.demo import Step, ask, differs, read_steps, show
from tenant_quota.connection import connect_to_database
from tenant_quota.connection_options import resolve
from tests.helpers import TOP
from tests.helpers.support import apply_everything

DOCS = TOP / "docs"
CLIENTS = DOCS / "clients"
# Each page in English, and the same in Chinese. What GitHub looks for at the top stands there.
AT_THE_TOP = ("README", "CONTRIBUTING", "SECURITY")
PAIRS = [(TOP / f"{name}.md", DOCS / f"{name}.zh-CN.md") for name in AT_THE_TOP] + [
    (page, page.with_name(f"{page.stem}.zh-CN.md"))
    for page in sorted([*DOCS.glob("*.md"), *CLIENTS.glob("*.md")])
    if not page.stem.endswith(".zh-CN")
]
READMES = list(PAIRS[0])
CALLS = [DOCS / "calls.md", DOCS / "calls.zh-CN.md"]
COMMANDS = [DOCS / "command.md", DOCS / "command.zh-CN.md"]
OPERATIONS = DOCS / "operations.md"
in_each_language = pytest.mark.parametrize("readme", READMES, ids=lambda path: path.stem)
in_each_calls_page = pytest.mark.parametrize("page", CALLS, ids=lambda path: path.stem)
with_examples = pytest.mark.parametrize("page", [*READMES, *CALLS], ids=lambda path: path.stem)


def blocks(readme: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    text = readme.read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found


def examples(readme: Path) -> list[Step]:
    """Return the statements of all SQL blocks in order."""
    return [step for block in blocks(readme, "sql") for step in read_steps(block)]


def public_files() -> dict[str, Path]:
    """Return the file of each procedure that somebody may call."""
    return {
        file.stem: file
        for file in sorted((TOP / "procedures").rglob("*.sql"))
        if not file.is_relative_to(TOP / "procedures/internal")
    }


def public_signatures() -> set[str]:
    """Return ``name(p_one, p_two)`` of each public procedure."""
    signatures = set()
    for file in public_files().values():
        text = file.read_text(encoding="utf-8")
        created = re.search(r"^CREATE PROCEDURE (\w+)\s*\((.*?)^\)", text, re.MULTILINE | re.DOTALL)
        assert created, file
        parameters = re.findall(r"^ +(?:IN|OUT|INOUT) +(\w+)", created[2], re.MULTILINE)
        signatures.add(f"{created[1]}({', '.join(parameters)})")
    return signatures


def signatures_for_each_role(page: Path) -> list[list[str]]:
    """Return the signatures for applications and those for administrators, as the page has them.

    The README has one table with a row that heads each part, the page of calls a block below
    the heading of each procedure, in two sections.
    """
    text = page.read_text(encoding="utf-8")
    if page in CALLS:
        parts = re.split(r"^## ", text, flags=re.MULTILINE)
        found = [re.findall(r"^```text\n(.*)\n```$", part, re.MULTILINE) for part in parts]
    else:
        parts = re.split(r"^\| \*\*.+\*\* \| \|$", text, flags=re.MULTILINE)
        found = [re.findall(r"^\| `(\w+\(.*?\))` \|", part, re.MULTILINE) for part in parts]
    return [each for each in found if each]


@with_examples
def test_every_public_procedure_stands_there_with_its_signature_and_no_other(page):
    lines = [line for part in signatures_for_each_role(page) for line in part]
    assert len(lines) == len(set(lines))
    assert set(lines) == public_signatures()
    assert page in READMES or len(lines) == len(blocks(page, "text"))


@in_each_language
def test_the_readme_says_what_each_call_is_for_in_one_table(readme):
    text = readme.read_text(encoding="utf-8")
    assert len(re.findall(r"^\|---", text, re.MULTILINE)) == 1
    assert all(purpose.strip() for purpose in re.findall(r"^\| `\w+\(.*?\)` \|(.*)\|$", text, re.M))
    assert len(re.findall(r"^\d+\. \*\*", text, re.MULTILINE)) == 5, "five rules"
    assert len(text.splitlines()) <= 150


def section_of(page: Path, procedure: str) -> str:
    """Return what stands below a procedure's heading, its signature and examples too."""
    text = page.read_text(encoding="utf-8")
    section = re.search(rf"^### {procedure}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, procedure
    return section[1]


@in_each_calls_page
@pytest.mark.parametrize("procedure", public_files())
def test_a_procedure_has_its_signature_its_example_its_answer_and_its_errors(page, procedure):
    section = section_of(page, procedure)
    manual = public_files()[procedure].read_text(encoding="utf-8").partition("\nCREATE ")[0]
    assert re.search(rf"^```text\n{procedure}\(.*\)\n```$", section, re.MULTILINE)
    example = re.search(r"^```sql\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert example
    assert f"CALL {procedure}(" in example[1]
    said = section.partition("```sql")[0]
    raises = re.search(r"^-- Raises +(.*?)(?=^-- [A-Z]|\Z)", manual, re.MULTILINE | re.DOTALL)
    assert raises
    missing = set(re.findall(r"\b450\d\d\b", raises[1])) - set(re.findall(r"\b450\d\d\b", said))
    assert missing == set()
    answers = re.search(r"^-- Answers +(.*?)(?=^-- [A-Z]|\Z)", manual, re.MULTILINE | re.DOTALL)
    known = set(re.findall(r"`([A-Z_]{4,})`", page.read_text(encoding="utf-8")))
    answered = set(re.findall(r"\b[A-Z_]{4,}\b", answers[1] if answers else "")) & known
    assert answered - set(re.findall(r"\b[A-Z_]{4,}\b", said)) == set()


@in_each_calls_page
def test_every_public_procedure_has_an_example(page):
    called = re.findall(r"CALL (\w+)\(", "\n".join(step.statement for step in examples(page)))
    assert set(called) == set(public_files())


@with_examples
def test_every_example_gives_the_answer_that_stands_beside_it(page, empty_schema):
    apply_everything(empty_schema)
    wrong = []
    assert examples(page)
    with closing(connect_to_database(resolve(url=empty_schema))) as connection:
        for event in (TOP / "events").rglob("*.sql"):
            ask(connection, f"ALTER EVENT {event.stem} DISABLE")  # else it may be BUSY by chance
        for step in examples(page):
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


@pytest.mark.parametrize("pages", [READMES, CALLS], ids=["README", "calls"])
def test_both_languages_have_the_same_examples(pages):
    english, chinese = (
        [(step.statement.split(), step.expected) for step in examples(page)] for page in pages
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


def links(page: Path) -> list[str]:
    """Return the files that a page leads to; what follows # is left out."""
    return re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))


@in_each_language
def test_the_readme_shows_the_picture(readme):
    (source,) = re.findall(r'<img src="([^"]+)"', readme.read_text(encoding="utf-8"))
    assert (readme.parent / source).resolve() == DOCS / "demo.svg"


@pytest.mark.parametrize("name", ["design.md", "design.zh-CN.md"])
def test_the_sections_of_the_design_are_numbered_for_those_who_cite_them(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    numbers = re.findall(r"^## (\d+)\. ", text, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 12)]
    assert len(numbers) == len(re.findall(r"^## ", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAIRS[1], ids=lambda path: path.stem)
def test_the_page_for_contributors_has_every_target(page):
    (targets,) = re.findall(r"^\.PHONY: (.*)$", (TOP / "Makefile").read_text("utf-8"), re.MULTILINE)
    told = re.findall(r"^\| `make ([\w-]+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(set(targets.split()) - {"help", "clean"})


@pytest.mark.parametrize("page", [page for both in PAIRS for page in both], ids=lambda p: p.name)
def test_links_lead_to_files(page):
    assert links(page)
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("language", [0, 1], ids=["English", "Chinese"])
def test_the_readme_leads_to_every_page_of_its_language_once(language):
    readme = READMES[language]
    clients = PAIRS[[english for english, _ in PAIRS].index(CLIENTS / "README.md")][language]
    in_folder = [both[language] for both in PAIRS if both[language].parent == CLIENTS]
    pages = {both[language] for both in PAIRS[1:]} - set(in_folder)
    pages |= {clients, READMES[1 - language], TOP / "benchmarks/README.md", TOP / "CHANGELOG.md"}
    assert times_led_to(readme, pages) == dict.fromkeys(pages, 1)
    others = {page for page in in_folder if page != clients}  # one page of the README's leads on
    assert times_led_to(clients, others) == dict.fromkeys(others, 1)


def times_led_to(page: Path, pages: set[Path]) -> dict[Path, int]:
    """Return how often a page leads to each of the others."""
    led_to = [(page.parent / link).resolve() for link in links(page)]
    return {other: led_to.count(other) for other in pages}


@pytest.mark.parametrize("language", [0, 1], ids=["English", "Chinese"])
def test_the_pages_of_clients_show_each_program_as_it_is(language):
    shown = [
        block
        for both in PAIRS
        if both[language].parent == CLIENTS
        for block in blocks(both[language], r"\w+")
    ]
    files = [path for path in (CLIENTS / "programs").iterdir() if path.is_file()]
    programs = [path.read_text("utf-8") for path in files]
    assert len(programs) > 8
    assert sorted(shown) == sorted(programs)


@pytest.mark.parametrize("page", COMMANDS, ids=lambda path: path.stem)
def test_the_page_of_the_command_has_every_subcommand(page):
    rows = re.findall(r"^\| `(\w+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == main.list_commands(None)  # type: ignore[arg-type]


def test_the_shell_completes_as_the_page_says():
    (variable,) = set(re.findall(r"(_\w+_COMPLETE)=bash_source", COMMANDS[0].read_text("utf-8")))
    code = "import sys; sys.argv[0] = 'tenant-quota'; from tenant_quota.cli import main; main()"
    environment = os.environ | {"COMP_WORDS": "tenant-quota reco", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment | {variable: "bash_complete"},
        check=True,
    )
    assert done.stdout.split() == ["plain,reconcile"]
