"""The rules of the house that a machine can check, over the files themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from tenant_quota.apply.migrations import statements_of
from tenant_quota.apply.object_files import KINDS
from tenant_quota.apply.pins import released
from tenant_quota.apply.table_statements import table_of
from tenant_quota.cli import main
from tenant_quota.grants.needs import AUDIENCES
from tests.helpers import TOP
from tools.mutations import Mutation, mutations

PROCEDURES = sorted((TOP / "procedures").rglob("*.sql"))
OBJECTS = [
    *PROCEDURES,
    *sorted((TOP / "views").glob("*.sql")),
    *sorted((TOP / "events").glob("*.sql")),
]
MIGRATIONS = sorted((TOP / "migrations").glob("[0-9]*"))
PYTHON = [
    *(TOP / "tenant_quota").rglob("*.py"),
    *(TOP / "tests").rglob("*.py"),
    *(TOP / "benchmarks").rglob("*.py"),
    *(TOP / "tools").rglob("*.py"),
]

by_name = pytest.mark.parametrize(
    "path", OBJECTS, ids=lambda path: f"{path.parent.name}-{path.stem}"
)
by_procedure = pytest.mark.parametrize("path", PROCEDURES, ids=lambda path: path.stem)


def header(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\nCREATE ")[0]


def statement(path: Path) -> str:
    return "CREATE " + path.read_text(encoding="utf-8").partition("\nCREATE ")[2]


def code(path: Path) -> str:
    """Return the statement without comments and without the text of messages."""
    without_comments = re.sub(r"--\s.*", "", statement(path))
    return re.sub(r"'(?:[^']|'')*'", "''", without_comments)


def is_internal(path: Path) -> bool:
    return path.is_relative_to(TOP / "procedures/internal")


def parameters(path: Path) -> list[str]:
    return re.findall(r"^ {4}(?:IN|OUT|INOUT) +(\w+)", statement(path), re.MULTILINE)


@by_name
def test_line_1_names_the_object_and_says_in_one_sentence_what_it_is(path: Path) -> None:
    first = header(path).splitlines()[0]
    assert re.fullmatch(rf"-- {path.stem}: \S[^.]*\.", first), first
    sentence = first.partition(": ")[2]
    if path.parent.name != "views":  # a view has no COMMENT
        (comment,) = re.findall(r"^ *COMMENT '((?:[^']|'')*)'", statement(path), re.MULTILINE)
        assert (
            comment.replace("''", "'") == sentence[0].upper() + sentence[1:]
            or comment.replace("''", "'") == sentence
        )


@by_name
def test_a_file_is_its_manual_and_one_create_statement(path: Path) -> None:
    assert len(re.findall(r"^CREATE ", path.read_text(encoding="utf-8"), re.MULTILINE)) == 1
    assert re.match(rf"CREATE (PROCEDURE|VIEW|EVENT) {path.stem}\b", statement(path))
    for word in ("DELIMITER", "DROP", "GRANT", "DEFINER ="):
        assert not re.search(rf"\b{word}(?!\w)", code(path)), word
    for section in ("Source ",) if is_internal(path) else ("Source ", "Example "):
        assert f"\n-- {section}" in header(path), section


@pytest.mark.parametrize("path", [*OBJECTS, *PYTHON], ids=lambda path: str(path.relative_to(TOP)))
def test_every_section_of_the_design_that_a_file_cites_is_there(path: Path) -> None:
    design = (TOP / "docs/design.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^## (\d+)\. ", design, re.MULTILINE))
    cited = re.findall(
        r"docs/design\.md, sections? (\d+(?:(?:, | and | to )\d+)*)", path.read_text("utf-8")
    )
    assert set(re.findall(r"\d+", " ".join(cited))) <= sections


@by_procedure
def test_the_manual_names_every_parameter_and_what_is_raised(path: Path) -> None:
    if not is_internal(path) or re.search(r"\bSIGNAL\b", code(path)):
        assert "\n-- Raises " in header(path)
    named = set(re.findall(r"\bp_\w+", header(path)))
    names = parameters(path)
    assert len(names) == len(set(names))
    between = re.findall(r"(p_\w+) \.\. (p_\w+)", header(path))  # a range names its ends
    for first, last in between:
        named.update(names[names.index(first) : names.index(last) + 1])
    if not re.search(r"^--   the others ", header(path), re.MULTILINE):
        assert set(names) <= named, set(names) - named
    assert all(name.startswith("p_") for name in names)


@by_procedure
def test_a_public_procedure_answers_with_one_row_or_with_out_parameters(path: Path) -> None:
    if not is_internal(path):
        answers = "\n-- Answers " in header(path)
        outs = "p_success" in parameters(path)
        assert answers is not outs


@by_procedure
def test_locals_are_v_and_cursors_are_c(path: Path) -> None:
    declared = re.findall(r"\bDECLARE (?!CONTINUE|EXIT)(\w+)", code(path))
    cursors = re.findall(r"\bDECLARE (\w+) CURSOR", code(path))
    assert all(name.startswith("c_") for name in cursors)
    assert all(name.startswith("v_") for name in set(declared) - set(cursors))


@by_procedure
def test_all_text_says_its_character_set_and_collation(path: Path) -> None:
    # What says nothing takes the database's default, and compares as that does.
    for each in re.findall(
        r"\b(?:VARCHAR\(\d+\)|CHAR\(\d+\)|(?:LONG)?TEXT\b)([^,;\n]*)", code(path)
    ):
        assert "CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin" in each, each


@by_procedure
def test_transactions_begin_and_end_in_few_places_only(path: Path) -> None:
    allowed = {
        "START TRANSACTION": ["open_quota_transaction"],
        # A charge ends its own: a CALL would cost the hottest path as much as a look.
        "COMMIT AND NO CHAIN NO RELEASE": ["keep_quota_transaction", "charge_quota"],
        "ROLLBACK AND NO CHAIN NO RELEASE": ["undo_quota_transaction"],
    }
    for words, places in allowed.items():
        assert (words in code(path)) is (path.stem in places), words
    text = code(path)
    for words in (*allowed, "ROLLBACK TO SAVEPOINT"):
        text = text.replace(words, "")
    assert not re.search(r"\b(COMMIT|ROLLBACK)\b", text)


@by_procedure
def test_whoever_opens_a_transaction_undoes_it_on_error_and_raises(path: Path) -> None:
    # A job's handler lets go of its lock first, and leaves its heartbeat before it raises.
    is_job = "GET_LOCK(" in code(path)
    is_part = path.stem == "sort_out_quota_call"  # its caller, charge_quota, has the handler
    if "CALL open_quota_transaction(" in code(path) and not is_job and not is_part:
        handler = re.search(
            r"EXIT HANDLER FOR SQLEXCEPTION\s+BEGIN(.*?)END;", code(path), re.DOTALL
        )
        assert handler, "no handler"
        assert re.search(r"CALL undo_quota_transaction\(\w+\);\s+RESIGNAL;", handler[1])
        assert re.search(
            r"CALL keep_quota_transaction\(|RELEASE SAVEPOINT tenant_quota_work;", code(path)
        )


@by_procedure
def test_no_subquery_decides_in_control_flow(path: Path) -> None:
    # The server makes a locking read of a subquery in IF or SET: who holds the row is waited
    # for, and in a caller's transaction the gap stays locked. SELECT ... INTO reads plainly.
    flow = r"^\s*(?:IF|ELSEIF|WHILE|UNTIL|SET)\s[^;]*?(?:THEN|DO|;)"
    for each in re.findall(flow, code(path), re.MULTILINE | re.DOTALL):
        if not re.match(r"\s*SET\s+(?:\w+\.)?(?!v_|p_)\w+\s*=", each):  # UPDATE's own SET
            assert not re.search(r"\bSELECT\b.*\bFROM (?!JSON_TABLE)", each, re.DOTALL), each


@by_procedure
def test_it_runs_as_its_definer(path: Path) -> None:
    assert "SQL SECURITY DEFINER" in statement(path)


@by_name
def test_nothing_that_8_0_19_lacks_or_9_7_has_dropped(path: Path) -> None:
    for word in ("INTERSECT", "EXCEPT", "MD5", "SHA1", "QUALIFY", "MANUAL", "TABLESAMPLE"):
        assert not re.search(rf"\b{word}\b", code(path)), word


@by_name
def test_lines_fit_a_screen(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        assert len(line) <= 120, line
        assert line == line.rstrip()
        assert "\t" not in line


@pytest.mark.parametrize("path", [p for p in OBJECTS if not is_internal(p)], ids=lambda p: p.stem)
def test_every_public_object_has_a_test_file_of_its_own(path: Path) -> None:
    folder = path.relative_to(TOP).parts[0]
    assert (TOP / "tests" / folder / f"test_{path.stem}.py").is_file()


@by_procedure
def test_a_procedure_lies_with_those_who_call_it(path: Path) -> None:
    inside = path.relative_to(TOP / "procedures").parts
    assert inside[0] in AUDIENCES
    assert len(inside) == (3 if is_internal(path) else 2), "internal ones by subject"
    assert header(path).startswith(f"-- {path.stem}: internal: ") is is_internal(path)


def test_no_internal_procedure_has_a_name_that_looks_public() -> None:
    names = [path.stem for path in OBJECTS if path.parent.name != "events"]
    assert len(names) == len(set(names))
    verbs: dict[bool, set[str]] = {True: set(), False: set()}
    for path in PROCEDURES:
        verbs[is_internal(path)].add(path.stem.partition("_")[0])
    assert verbs[True] & verbs[False] == set()


def test_the_procedures_stay_few_and_short() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in PROCEDURES]
    assert len(lengths) <= 45
    assert max(lengths) <= 150
    assert sum(lengths) <= 3600


def test_migrations_are_numbered_without_gaps_and_named_by_what_they_do() -> None:
    names = [path.name for path in MIGRATIONS if not path.name.endswith(".rollback.sql")]
    numbers = [int(re.match(r"(\d{4})_[a-z]+_\w+\.(?:sql|py)$", name)[1]) for name in names]  # type: ignore[index]
    assert numbers == list(range(1, len(names) + 1))


@pytest.mark.parametrize(
    "path",
    [p for p in MIGRATIONS if p.suffix == ".sql" and not p.name.endswith(".rollback.sql")],
    ids=lambda path: path.name,
)
def test_each_statement_of_a_migration_is_taken_back_by_one_and_neither_can_get_lost(
    path: Path,
) -> None:
    migration = SimpleNamespace(path=str(path))
    there = statements_of(migration, "apply")
    back = statements_of(migration, "rollback")
    assert there, "not all of it is DDL of one table each, whose outcome shows after a kill"
    assert [table_of(each) for each in there] == [table_of(each) for each in reversed(back)]
    for statement in (*there, *back):
        if "ALTER TABLE" in statement:
            assert "ALGORITHM = " in statement


def test_few_migrations_install_all_that_no_release_has_shipped() -> None:
    shipped = released(TOP / "migrations")
    for kind in KINDS:
        new = [path.stem for path in MIGRATIONS if path.stem.endswith(f"_{kind}")]
        assert len([name for name in new if name not in shipped]) <= 1


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(TOP)))
def test_no_module_is_long(path: Path) -> None:
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= (600 if "tests" in path.parts else 300)


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(TOP)))
def test_a_module_says_in_its_first_line_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text or path.name != "__init__.py":
        first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        assert re.fullmatch(r"\S.*[.:?]", first), first
        assert len(first.split()) <= 25, first


@pytest.mark.parametrize(
    "path", [path for path in OBJECTS if path.parent.name == "events"], ids=lambda path: path.stem
)
def test_an_event_is_a_schedule_and_one_call(path: Path) -> None:
    body = re.search(r"\bDO BEGIN(.*)END$", code(path).strip(), re.DOTALL)
    assert body
    statements = [" ".join(each.split()) for each in body[1].split(";") if each.strip()]
    assert statements[0] == "SET SESSION autocommit = 1"
    assert len(statements) == 2
    assert re.fullmatch(rf"CALL {path.stem}\([\d, ]*\)", statements[1])


def too_long(text: str) -> list[str]:
    """Return the sentences of more than 30 words; a blank line ends one too."""
    paragraphs = [" ".join(each.split()) for each in re.split(r"\n\s*\n", text)]
    found = [each for part in paragraphs for each in re.split(r"(?<=[.!?])\s+", part)]
    return [each for each in found if len(each.split()) > 30]


def helps(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """Give each text that --help shows, with its command's name."""
    yield name, command.help or ""
    for option in command.params:
        yield name, getattr(option, "help", None) or ""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found
            yield from helps(found, f"{name} {each}")


def test_no_sentence_in_a_comment_or_in_help_is_long() -> None:
    assert too_long("A few words. " + "word " * 31 + "end. Few again.") == ["word " * 31 + "end."]
    files = [*OBJECTS, *(path for path in MIGRATIONS if path.suffix == ".sql")]
    told = [
        (path.name, comment.replace("''", "'"))
        for path in files
        for comment in re.findall(
            r"\bCOMMENT\s*=?\s*'((?:[^']|'')*)'", path.read_text(encoding="utf-8")
        )
    ]
    assert len(told) > 100
    told += helps(main, "tenant-quota")
    assert [(where, each) for where, text in told for each in too_long(text)] == []


def test_the_design_that_is_cited_is_the_one_in_docs() -> None:
    for path in [*OBJECTS, *MIGRATIONS, *PYTHON]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bDESIGN", text), path
        cited = set(re.findall(r"[\w./-]*design\.md", text))
        assert cited <= {"docs/design.md"} | ({"design.md"} if path.suffix == ".py" else set()), (
            path
        )


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/CONTRIBUTING.zh-CN.md"])
def test_the_page_for_contributors_lists_every_folder(page: str) -> None:
    listed = re.findall(r"^\| (`\w+/.*?) \|", (TOP / page).read_text("utf-8"), re.MULTILINE)
    folders = {each for row in listed for each in re.findall(r"(\w+)/", row)}
    ignored = (TOP / ".gitignore").read_text(encoding="utf-8").split()
    there = {
        path.name
        for path in TOP.iterdir()
        if path.is_dir()
        and not path.name.startswith(".")
        and not any(path.match(each.rstrip("/")) for each in ignored)
    }
    assert there <= folders
    tests = {path.name for path in (TOP / "tests").iterdir() if (path / "__init__.py").is_file()}
    assert folders - there <= tests <= folders


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path) for path in PYTHON}


def imports(path: Path) -> set[str]:
    """Return the modules of ours that a file imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{each.name}" for each in node.names}
            found |= names & MODULES if names <= MODULES else {node.module, *(names & MODULES)}
    return found & MODULES


def test_what_tests_of_several_folders_share_is_in_helpers() -> None:
    assert not [*(TOP / "tests/helpers").rglob("test_*")]
    for path in (TOP / "tests").rglob("*.py"):
        if path.parent.name == "helpers" or re.match(r"test_|conftest|__init__", path.name):
            continue
        users = [each for each in PYTHON if module_name(path) in imports(each)]
        assert {each.parent for each in users} == {path.parent}, path


def test_no_module_of_the_package_imports_one_that_imports_it() -> None:
    package = [path for path in PYTHON if path.is_relative_to(TOP / "tenant_quota")]
    graph = {module_name(path): imports(path) for path in package}
    TopologicalSorter(graph).prepare()  # CycleError names the circle


def test_what_makes_the_statements_of_apply_and_plan_has_no_connection() -> None:
    makers = {
        path.stem: path
        for path in (TOP / "tenant_quota/apply").glob("*.py")
        if path.stem.endswith("statements") or path.stem in ("generator", "fingerprints")
    }
    assert len(makers) == 5
    for path in makers.values():
        assert "pymysql" not in path.read_text(encoding="utf-8"), path
        assert "tenant_quota.statements" not in imports(path), path
    users = {path.stem for path in PYTHON if "tenant_quota.apply.generator" in imports(path)}
    assert {"run", "make"} < users  # of apply and of plan


@pytest.mark.parametrize("kind", ["procedures", "views", "events"])
def test_every_test_file_of_an_object_has_its_object(kind: str) -> None:
    names = {path.stem for path in (TOP / kind).rglob("*.sql")}
    tests = {path.stem.removeprefix("test_") for path in (TOP / "tests" / kind).glob("test_*.py")}
    assert tests <= names


def test_every_tool_is_run_by_a_target_of_make() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    tools = {
        path.parent.name if path.name == "__main__.py" else path.stem
        for path in (TOP / "tools").rglob("*.py")
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    assert set(re.findall(r"-m tools\.(\w+)", makefile)) == tools


@pytest.mark.parametrize("mutation", mutations(), ids=lambda mutation: mutation.name)
def test_every_mutation_has_something_to_break_and_tests_that_are_there(mutation: Mutation) -> None:
    assert mutation.text() != ""
    files = [TOP / each.partition("::")[0] for each in mutation.tests]
    assert files
    assert [file for file in files if not file.is_file()] == []
