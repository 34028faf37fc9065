"""What the shipped code needs is read from its text: the reading, and that nothing goes stale."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tenant_quota.errors import TenantQuotaError
from tenant_quota.grants.held import GRANT_OPTION, Right, may_grant, parse_grants
from tenant_quota.grants.needs import read_code_needs, table_needs
from tenant_quota.paths import sql_root
from tests.helpers import TOP
from tests.test_readme import CALLS, READMES, signatures_for_each_role

NEEDS = read_code_needs(sql_root())


@pytest.mark.parametrize(
    ("statement", "needs"),
    [
        ("SELECT a INTO v FROM t WHERE b", {"t": {"SELECT"}}),
        ("SELECT a FROM t AS x LEFT JOIN u AS y ON x.a = y.a", {"t": {"SELECT"}, "u": {"SELECT"}}),
        ("SELECT a FROM t FOR UPDATE SKIP LOCKED", {"t": {"SELECT", "FOR UPDATE"}}),
        ("SELECT a FROM t AS x FOR SHARE OF x", {"t": {"SELECT", "SHARE"}}),
        ("INSERT INTO t (a) VALUES (1)", {"t": {"INSERT"}}),
        ("INSERT IGNORE INTO t (a) SELECT a FROM u", {"t": {"INSERT"}, "u": {"SELECT"}}),
        ("INSERT INTO t (a) SELECT a FROM t AS x", {"t": {"INSERT", "SELECT"}}),
        (
            "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = a + 1",
            {"t": {"INSERT", "UPDATE", "SELECT"}},
        ),
        ("UPDATE t SET a = a + 1 WHERE b", {"t": {"UPDATE", "SELECT"}}),
        (
            "UPDATE JSON_TABLE('', '' COLUMNS (a INT PATH '')) AS l JOIN t AS x ON x.a = l.a "
            "JOIN u AS y ON y.a = x.a SET x.b = y.b, x.c = 1 WHERE x.d",
            {"t": {"UPDATE", "SELECT"}, "u": {"SELECT"}},
        ),
        ("DELETE FROM t WHERE a", {"t": {"DELETE", "SELECT"}}),
        (
            "DELETE x FROM (SELECT a FROM u) AS d JOIN t AS x ON x.a = d.a",
            {"t": {"DELETE", "SELECT"}, "u": {"SELECT"}},
        ),
        ("SELECT other.t, v_t FROM tt", {}),
    ],
)
def test_what_a_statement_needs(statement, needs):
    assert table_needs(statement, {"t", "u"}) == needs


@pytest.mark.parametrize("page", [*READMES, *CALLS], ids=lambda path: path.stem)
def test_the_pages_split_public_procedures_as_the_roles_do(page):
    """The first part of the signatures is for applications, the second for administrators."""
    first, second = (
        {signature.partition("(")[0] for signature in part}
        for part in signatures_for_each_role(page)
    )
    assert first == NEEDS.application
    assert second == NEEDS.administration


def test_a_procedure_in_no_audiences_folder_is_refused(tmp_path):
    file = tmp_path / "procedures/elsewhere/p.sql"
    file.parent.mkdir(parents=True)
    file.write_text("-- p: a test.\n\nCREATE PROCEDURE p ()\n    SELECT 1\n", encoding="utf-8")
    with pytest.raises(TenantQuotaError, match=r"elsewhere/p\.sql: procedures lie in application"):
        read_code_needs(tmp_path)


def test_the_command_calls_nothing_that_an_administrator_may_not():
    code = "".join(
        path.read_text("utf-8")
        for path in (TOP / "tenant_quota/cli").glob("*.py")
        if path.stem not in ("demo",)
    )
    called = set(re.findall(r"\bCALL (\w+)\(", code))
    assert {"reset_due_quotas", "reset_quota"} <= called <= NEEDS.public


def test_the_page_has_every_privilege_of_the_definer_on_a_table():
    page = (TOP / "docs/privileges.md").read_text("utf-8")
    told = {
        name: set(words.split(", "))
        for name, words in re.findall(r"^\| `(\w+)` \| ([A-Z, ]+) \|$", page, re.MULTILINE)
    }
    needed = {name: words - {"SHARE"} for name, words in NEEDS.tables.items()}
    assert told == needed


def test_show_grants_is_read():
    assert parse_grants(
        [
            "GRANT USAGE ON *.* TO `a`@`%`",
            "GRANT SET_ANY_DEFINER,SHOW_ROUTINE ON *.* TO `a`@`%` WITH GRANT OPTION",
            r"GRANT SELECT, CREATE VIEW ON `my\_shop`.* TO `a`@`%`",
            "GRANT SELECT (`a`, `b,c`), INSERT ON `my_shop`.`t``x` TO `a`@`%`",
            "GRANT EXECUTE ON PROCEDURE `my_shop`.`p` TO `a`@`%`",
            "GRANT `r`@`%`,`s`@`h` TO `a`@`%`",
            "GRANT PROXY ON ``@`` TO `a`@`%` WITH GRANT OPTION",
        ]
    ).rights == {
        *(Right("*", "", "*", each) for each in ("SET_ANY_DEFINER", "SHOW_ROUTINE")),
        Right("*", "", "*", "GRANT OPTION"),
        *(Right("my_shop", "", "*", each) for each in ("SELECT", "CREATE VIEW")),
        Right("my_shop", "", "t`x", "SELECT (`a`, `b,c`)"),
        Right("my_shop", "", "t`x", "INSERT"),
        Right("my_shop", "PROCEDURE", "p", "EXECUTE"),
        *(Right("*", "ROLE", each, "") for each in ("`r`@`%`", "`s`@`h`")),
    }


ON_TABLE = Right("s_1", "", "t", "UPDATE")
ON_SCHEMA = Right("s_1", "", "*", "UPDATE")


@pytest.mark.parametrize(
    ("lines", "right", "held"),
    [
        (["UPDATE (`a`, `UPDATE`) ON `s_1`.`t`"], ON_TABLE, False),
        (["UPDATE (`a`), SELECT, UPDATE ON `s_1`.`t`"], ON_TABLE, True),
        (["UPDATE (` ON ``x`` TO `) ON `s_1`.`t`", "UPDATE ON `s_1`.`u`"], ON_TABLE, False),
        (["UPDATE ON `s_1`.`t`"], ON_SCHEMA, False),
        (["ALL PRIVILEGES ON `s\\_1`.*"], ON_TABLE, True),
        (["ALL PRIVILEGES ON `s\\_1`.*"], replace(ON_SCHEMA, privilege=GRANT_OPTION), False),
        (["EXECUTE ON PROCEDURE `s_1`.`t`"], replace(ON_TABLE, privilege="EXECUTE"), False),
        (
            ["EXECUTE ON PROCEDURE `s_1`.`t`"],
            Right("s_1", "PROCEDURE", "t", "EXECUTE"),
            True,
        ),
        # Of several that match, MySQL heeds one without wildcards first.
        (["UPDATE ON `s\\_1`.*", "SELECT ON `s_1`.*"], ON_TABLE, True),
        (["SELECT ON `s\\_1`.*", "UPDATE ON `s_1`.*"], ON_TABLE, False),
        (["SELECT ON `s_1`.*", "UPDATE ON `s%`.*"], ON_TABLE, None),
        (["UPDATE ON *.*"], Right("*", "", "*", "UPDATE"), True),
    ],
)
def test_whether_a_right_is_held(lines, right, held):
    read = parse_grants([f"GRANT {line} TO `a`@`%`" for line in lines])
    assert [read.holds(right), read.holds(right, doubtful=True)] == (
        [False, True] if held is None else [held, held]
    )


def test_with_partial_revokes_names_are_no_patterns_and_a_revoke_takes_away():
    lines = [r"GRANT UPDATE ON `s\_1`.* TO `a`@`%`", "GRANT UPDATE ON `s%`.* TO `a`@`%`"]
    assert not parse_grants(lines, literal=True).holds(ON_TABLE)
    everywhere = "GRANT SELECT, UPDATE ON *.* TO `a`@`%`"
    but = "REVOKE UPDATE ON `s_1`.* FROM `a`@`%`"
    assert parse_grants([everywhere], literal=True).holds(ON_TABLE)
    assert not parse_grants([everywhere, but], literal=True).holds(ON_TABLE)
    assert parse_grants([everywhere, but], literal=True).holds(replace(ON_TABLE, schema="other"))


@pytest.mark.parametrize(
    ("lines", "may"),
    [
        ([], False),
        (["GRANT SELECT ON `s`.* TO `a`@`%`"], False),
        (["GRANT SELECT ON `s`.* TO `a`@`%` WITH GRANT OPTION"], True),
        (
            ["GRANT SELECT ON `s`.* TO `a`@`%`", "GRANT USAGE ON *.* TO `a`@`%` WITH GRANT OPTION"],
            True,
        ),
        (["GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION"], True),
        (["GRANT SELECT ON `other`.* TO `a`@`%` WITH GRANT OPTION"], False),
        (["GRANT SELECT ON `s`.`t` TO `a`@`%` WITH GRANT OPTION"], True),
    ],
)
def test_who_may_grant(lines, may):
    assert may_grant(parse_grants(lines).rights, Right("s", "", "t", "SELECT")) is may
