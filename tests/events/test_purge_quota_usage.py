"""The event purge_quota_usage: one CALL a day."""

from tests.helpers.server import connect
from tests.helpers.support import apply_everything, rows


def test_it_is_enabled_once_a_day_and_only_calls_the_procedure(empty_schema: str) -> None:
    apply_everything(empty_schema)
    with connect(empty_schema, autocommit=True) as connection:
        assert rows(
            connection,
            "SELECT REGEXP_SUBSTR(event_definition, 'CALL [^;]+'), interval_value,"
            " interval_field, status, on_completion"
            " FROM information_schema.events"
            " WHERE event_schema = DATABASE() AND event_name = 'purge_quota_usage'",
        ) == [("CALL purge_quota_usage(400, 100)", "1", "DAY", "ENABLED", "PRESERVE")]
