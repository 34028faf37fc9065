"""The event expire_quota_reservations: one CALL every minute."""

from tests.helpers.server import connect
from tests.helpers.support import apply_everything, rows


def test_it_is_enabled_every_minute_and_only_calls_the_procedure(empty_schema: str) -> None:
    apply_everything(empty_schema)
    with connect(empty_schema, autocommit=True) as connection:
        assert rows(
            connection,
            "SELECT REGEXP_SUBSTR(event_definition, 'CALL [^;]+'), interval_value,"
            " interval_field, status, on_completion"
            " FROM information_schema.events"
            " WHERE event_schema = DATABASE() AND event_name = 'expire_quota_reservations'",
        ) == [("CALL expire_quota_reservations(100)", "1", "MINUTE", "ENABLED", "PRESERVE")]
