"""The five scenarios of the source, statement by statement as they were written.

``scenarios.sql`` is the source's own file. Only what a reader must fill in is filled in:
scenario 2's quota_id 123.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pymysql.connections import Connection

from tests.helpers import TOP
from tests.helpers.server import connect
from tests.helpers.support import at_once, call, call_out, rows, value

SOURCE = (TOP / "tests/scenarios.sql").read_text(encoding="utf-8")


def statements(scenario: int) -> list[str]:
    """Return the statements of one scenario, without the client's DELIMITER lines."""
    text = SOURCE.split(f"-- Scenario {scenario}:")[1].partition("\n")[2]
    text = text.partition("\n-- Scenario")[0]
    if "DELIMITER //" in text:
        before, _, rest = text.partition("DELIMITER //")
        body = rest.partition("//\nDELIMITER ;")[0]
        return [*split(before), body.strip()]
    return split(text)


def split(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [each.strip() for each in "\n".join(lines).split(";") if each.strip()]


@pytest.fixture
def database(own_schema: str) -> Iterator[Connection]:
    """Give a connection to empty tables, so that a scenario comes first."""
    with connect(own_schema, autocommit=True) as connection:
        for table in ("tenants", "tenant_quotas", "quota_usage_records"):
            rows(connection, f"DELETE FROM {table}")
        yield connection


def run(connection: Connection, scenario: int) -> None:
    """Run a scenario on the one MONTHLY quota that there is."""
    for statement in statements(scenario):
        rows(connection, filled_in(connection, statement))


def filled_in(connection: Connection, statement: str) -> str:
    """Put the real quota_id in the place of the source's 123."""
    found = rows(connection, "SELECT quota_id FROM tenant_quotas WHERE limit_type = 'MONTHLY'")
    return re.sub(r"\b123\b", str(found[0][0]), statement) if found else statement


def test_scenario_1_is_the_first_statement_on_a_fresh_schema(database: Connection) -> None:
    run(database, 1)
    assert rows(
        database,
        "SELECT tenant_id, quota_type, limit_type, hard_limit, soft_limit, used_count,"
        " next_reset_time, enforcement FROM tenant_quotas",
    ) == [("CH_123", "REDEEM_CODE", "MONTHLY", 10000, 8000, 0, None, "ENFORCE")]


def test_scenario_2_runs_as_written_and_is_a_key_the_procedures_know(database: Connection) -> None:
    run(database, 1)
    run(database, 2)
    assert rows(database, "SELECT delta_value, current_used, biz_id FROM quota_usage_records") == [
        (1, 1, "order_789")
    ]
    assert value(database, "SELECT used_count FROM tenant_quotas") == 1
    rows(database, "UPDATE tenant_quotas SET product_codes = NULL")
    consume = ("consume_quota", "CH_123", "REDEEM_CODE", 1, "REDEMPTION", "order_789", None)
    assert call(database, *consume).status == "REPLAYED"


def test_scenario_2_stays_safe_beside_the_procedures(database: Connection, own_schema: str) -> None:
    run(database, 1)
    rows(database, "UPDATE tenant_quotas SET hard_limit = 60, product_codes = NULL")
    connections = [connect(own_schema, autocommit=True) for _ in range(12)]

    def work(number: int) -> int:
        mine, granted = connections[number], 0
        for turn in range(10):
            if number % 2:
                answer = call(
                    mine, "consume_quota", "CH_123", "REDEEM_CODE", 1, "R", f"{number}-{turn}", None
                )
                granted += answer.success
            else:
                granted += scenario_2_by_hand(mine, f"{number}-{turn}")
        return granted

    granted = sum(at_once(12, work))
    for connection in connections:
        connection.close()
    assert granted == 60
    assert value(database, "SELECT used_count FROM tenant_quotas") == 60
    assert value(database, "SELECT SUM(delta_value) FROM quota_usage_records") == 60


def scenario_2_by_hand(connection: Connection, key: str) -> int:
    """Run scenario 2 as an application does: it looks whether the UPDATE took a unit."""
    begin, look, update, insert, commit = (filled_in(connection, each) for each in statements(2))
    rows(connection, begin)
    rows(connection, look)
    with connection.cursor() as cursor:
        taken = int(cursor.execute(update))
    if taken:
        rows(connection, insert.replace("order_789", key))
    rows(connection, commit)
    return taken


def test_scenario_3_by_hand_does_no_harm(database: Connection) -> None:
    run(database, 1)
    consume = ("consume_quota", "CH_123", "REDEEM_CODE", 5, None, None, "app_mall")
    assert call(database, *consume).used_count == 5
    rows(database, "UPDATE tenant_quotas SET next_reset_time = NOW() - INTERVAL 7 SECOND")
    run(database, 3)
    assert value(database, "SELECT used_count FROM tenant_quotas") == 0
    after = call(database, *consume)
    assert (after.status, after.used_count) == ("GRANTED", 5)
    # It left the boundary seconds off; the next touch puts it back on the calendar.
    assert (after.next_reset_time.day, str(after.next_reset_time.time())) == (1, "00:00:00")


def test_scenario_4_is_what_apply_installed(database: Connection) -> None:
    alter, _procedure = statements(4)
    installed = column_facts(database, "tenant_quotas")
    rows(database, "CREATE TABLE as_written (quota_id BIGINT)")
    try:
        rows(database, alter.replace("tenant_quotas", "as_written"))
        assert installed == column_facts(database, "as_written")
    finally:
        rows(database, "DROP TABLE as_written")


def column_facts(connection: Connection, table: str) -> list[tuple[object, ...]]:
    return rows(
        connection,
        "SELECT column_type, column_default, is_nullable, column_comment FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = %s AND column_name = 'concurrent_tokens'",
        table,
    )


def test_scenario_4s_procedure_has_the_parameters_as_written(database: Connection) -> None:
    rows(database, statements(4)[1].replace("acquire_quota_token", "as_written"))
    try:
        facts = (
            "SELECT parameter_mode, parameter_name, dtd_identifier FROM information_schema.parameters"
            " WHERE specific_schema = DATABASE() AND specific_name = %s ORDER BY ordinal_position"
        )
        wider = [
            (
                *each[:2],
                each[2]
                .replace("varchar(24)", "varchar(255)")
                .replace("varchar(32)", "varchar(255)"),
            )
            for each in rows(database, facts, "as_written")
        ]
        assert rows(database, facts, "acquire_quota_token") == wider
    finally:
        rows(database, "DROP PROCEDURE as_written")


def test_scenario_4s_procedure_answers_as_the_source_meant(database: Connection) -> None:
    run(database, 1)
    rows(
        database,
        "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, concurrent_tokens)"
        " VALUES ('CH_123', 'REDEEM_CODE', 'CONCURRENT', 2, 2)",
    )
    answers = [
        call_out(database, "acquire_quota_token", "CH_123", "REDEEM_CODE", outs=1) for _ in range(3)
    ]
    assert answers == [(1,), (1,), (0,)]
    assert rows(
        database, "SELECT limit_type, used_count FROM tenant_quotas ORDER BY limit_type"
    ) == [
        ("CONCURRENT", 2),
        ("MONTHLY", 0),
    ]


def test_scenario_5s_columns_and_levels(database: Connection) -> None:
    run(database, 1)
    rows(database, "INSERT INTO tenants (tenant_id, tenant_name) VALUES ('CH_123', '渠道商')")
    (create,) = statements(5)
    rows(database, create.replace("quota_usage_monitor", "as_written"))
    try:
        for used in (0, 7999, 8000, 9999, 10000):
            rows(database, "UPDATE tenant_quotas SET used_count = %s", used)
            (theirs,) = rows(database, "SELECT * FROM as_written")
            (ours,) = rows(database, "SELECT * FROM quota_usage_monitor")
            assert ours[: len(theirs)] == theirs
    finally:
        rows(database, "DROP VIEW as_written")
