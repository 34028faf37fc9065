"""The event reset_due_quotas: one CALL every minute, and it runs."""

import time

from tests.helpers.server import connect
from tests.helpers.support import apply_everything, rows, value


def test_it_is_enabled_every_minute_and_only_calls_the_procedure(empty_schema: str) -> None:
    apply_everything(empty_schema)
    with connect(empty_schema, autocommit=True) as connection:
        assert rows(
            connection,
            "SELECT REGEXP_SUBSTR(event_definition, 'CALL [^;]+'), interval_value,"
            " interval_field, status, on_completion"
            " FROM information_schema.events"
            " WHERE event_schema = DATABASE() AND event_name = 'reset_due_quotas'",
        ) == [("CALL reset_due_quotas(100)", "1", "MINUTE", "ENABLED", "PRESERVE")]


def test_the_scheduler_runs_it(empty_schema: str) -> None:
    apply_everything(empty_schema)
    with connect(empty_schema, autocommit=True) as connection:
        assert value(connection, "SELECT @@GLOBAL.event_scheduler") == "ON"
        rows(
            connection,
            "INSERT INTO tenant_quotas (tenant_id, quota_type, limit_type, hard_limit, used_count,"
            " period_anchor, next_reset_time)"
            " VALUES ('T', 'U', 'MONTHLY', 5, 5, '2001-01-01', '2020-01-01')",
        )
        # The same event, sooner: what is proved is that the scheduler's call works.
        rows(connection, "ALTER EVENT reset_due_quotas ON SCHEDULE EVERY 1 SECOND")
        deadline = time.monotonic() + 20
        while (
            value(connection, "SELECT used_count FROM tenant_quotas")
            and time.monotonic() < deadline
        ):
            time.sleep(0.1)
        rows(connection, "ALTER EVENT reset_due_quotas DISABLE")
        assert value(connection, "SELECT used_count FROM tenant_quotas") == 0
        assert value(connection, "SELECT MAX(last_error) FROM quota_jobs") is None
