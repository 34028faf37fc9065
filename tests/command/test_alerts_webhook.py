"""tenant-quota alerts --webhook: marked after a 2xx only, signed, and no secret in any message."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner, Result

from tenant_quota.cli import main
from tenant_quota.cli.alerts.webhook import SECRET
from tests.helpers.outbox import outbox as outbox  # a fixture
from tests.helpers.outbox import waiting, write
from tests.helpers.server import connect, own_server
from tests.helpers.support import apply_everything, rows, start_command, value, wait_until

KEY = b"0123456789abcdef0123456789abcdef"
TEXT = "whsec_" + base64.b64encode(KEY).decode()
HIDDEN = "hidden-token"


class Receiver:
    """An HTTP server that keeps what is sent to it, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        #: The status of each answer: it gets the alert, and how many were sent before.
        self.answer: Callable[[dict[str, object], int], int] = lambda alert, before: 204
        self.seconds = 0.0  # to be silent before each answer

    @property
    def alerts(self) -> list[dict[str, object]]:
        return [json.loads(body) for _, body in self.got]

    @property
    def quotas(self) -> list[object]:
        return [alert["quota_id"] for alert in self.alerts]

    @contextmanager
    def open(self, port: int = 0) -> Iterator[str]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answer(json.loads(body), len(receiver.got))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                time.sleep(receiver.seconds)
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def do_GET(self) -> None:  # where a redirect that is followed would end
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that went away

        with Server(("127.0.0.1", port), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}/hook/{HIDDEN}"
            finally:
                server.shutdown()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def post(url: str, hook: str, *arguments: str, secret: str = TEXT) -> Result:
    """Run the command to its end; neither the secret nor the hook's path may show."""
    environment = {"TENANT_QUOTA_WEBHOOK": hook, SECRET: secret}
    result = CliRunner().invoke(main, ["alerts", "--url", url, *arguments], env=environment)
    assert HIDDEN not in result.output
    assert "MDEyMzQ1" not in result.output
    assert "Traceback" not in result.output
    return result


def test_each_alert_is_one_signed_post_and_is_marked(own_schema, outbox, receiver):
    write(outbox, 3)
    ids = [
        str(id_) for (id_,) in rows(outbox, "SELECT alert_id FROM quota_alerts ORDER BY quota_id")
    ]
    with receiver.open() as hook:
        result = post(own_schema, hook)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"3 delivered to {hook.partition('/hook')[0]}.\n"
    assert waiting(outbox) == 0
    assert [alert["alert_id"] for alert in receiver.alerts] == ids
    first = receiver.alerts[0]
    assert (first["tenant_id"], first["alert_level"], first["used_count"]) == (
        "T_0",
        "WARNING",
        800,
    )
    for (headers, body), alert_id in zip(receiver.got, ids, strict=True):
        assert headers["webhook-id"] == alert_id
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        signed = f"{alert_id}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.new(KEY, signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
        assert headers["content-type"] == "application/json"


def test_without_a_secret_nothing_is_signed_and_the_command_says_so(own_schema, outbox, receiver):
    write(outbox, 1)
    with receiver.open() as hook:
        result = post(own_schema, hook, secret="")
    assert "is not signed" in result.stderr
    assert [("webhook-signature" in headers) for headers, _ in receiver.got] == [False]
    assert waiting(outbox) == 0


@pytest.mark.parametrize("status", [302, 400, 503])
def test_what_is_not_2xx_is_not_delivered_and_is_tried_again(own_schema, outbox, receiver, status):
    write(outbox, 1)
    receiver.answer = lambda alert, before: status if before == 0 else 200
    with receiver.open() as hook:
        result = post(own_schema, hook)
    assert result.exit_code == 0, result.output
    assert f"did not take alert {receiver.alerts[0]['alert_id']}: {status}. Trying" in result.stderr
    assert receiver.quotas == [0, 0]
    assert waiting(outbox) == 0


def test_it_gives_up_after_some_attempts_each_later_than_the_one_before(
    own_schema, outbox, receiver
):
    write(outbox, 1)
    receiver.answer = lambda alert, before: 500
    with receiver.open() as hook:
        result = post(own_schema, hook)
    assert result.exit_code == 2
    assert "What is not delivered waits." in result.stderr
    assert len(receiver.got) == 4
    pauses = [float(each) for each in re.findall(r"again in ([\d.]+) s", result.stderr)]
    assert len(pauses) == 3
    assert pauses[0] <= 1 < 1.5 <= pauses[1] <= 2 < 3 <= pauses[2] <= 4
    assert waiting(outbox) == 1


def test_a_refused_alert_does_not_keep_others_waiting(own_schema, outbox, receiver):
    write(outbox, 4)
    receiver.answer = lambda alert, before: 400 if alert["quota_id"] == 1 and before < 6 else 200
    with receiver.open() as hook:
        result = post(own_schema, hook)
    assert result.exit_code == 0, result.output
    assert receiver.quotas[:4] == [0, 1, 2, 3]
    assert set(receiver.quotas[4:]) == {1}
    assert waiting(outbox) == 0


def test_a_receiver_that_is_silent_is_left_after_the_timeout(own_schema, outbox, receiver):
    write(outbox, 1)
    receiver.seconds = 20

    def soon(alert: dict[str, object], before: int) -> int:
        receiver.seconds = 0 if before else 20
        return 200

    receiver.answer = soon
    begun = time.monotonic()
    with receiver.open() as hook:
        result = post(own_schema, hook, "--webhook-timeout", "0.5")
    assert (result.exit_code, time.monotonic() - begun < 15) == (0, True)
    assert ": TimeoutError. Trying again" in result.stderr
    assert waiting(outbox) == 0


def test_while_nobody_listens_no_lock_is_held(own_schema, outbox, receiver):
    write(outbox, 1)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with following(own_schema, f"http://127.0.0.1:{port}/{HIDDEN}") as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "Connection refused. Trying again in" in line
        rows(outbox, "SELECT * FROM quota_alerts FOR UPDATE NOWAIT")
        with receiver.open(port):
            assert wait_until(lambda: not waiting(outbox), 30)
    assert receiver.quotas == [0]


@contextmanager
def following(url: str, hook: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``alerts --follow --webhook``; Ctrl-C must end it well, and it shows no secret."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANT_QUOTA_WEBHOOK", hook)
        patch.setenv(SECRET, TEXT)
        process = start_command(url, "alerts", "--follow", *arguments)
    try:
        yield process
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        assert (process.returncode, output) == (0, "")
        assert HIDDEN not in errors
        assert "MDEyMzQ1" not in errors
    finally:
        process.kill()
        process.wait()


def test_following_survives_a_restart_and_a_crash_of_the_server(receiver):
    with own_server() as sandbox, receiver.open() as hook:
        with connect(sandbox.url, autocommit=True) as root:
            rows(root, "CREATE DATABASE shop")
        url = f"{sandbox.url}shop"
        apply_everything(url)

        def deliver_three(first: int) -> None:
            for number in range(3):
                if number == 2:
                    sandbox.kill()
                if number:
                    sandbox.restart()
                with connect(url, autocommit=True) as outbox:
                    write(outbox, 1, first=first + number)
                    assert wait_until(lambda: not waiting(outbox), 60)

        with following(url, hook):
            deliver_three(0)
        assert set(receiver.quotas) == {0, 1, 2}
        process = start_command(url, "alerts", "--follow", "--format", "json")
        deliver_three(3)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert {json.loads(line)["quota_id"] for line in output.splitlines()} == {3, 4, 5}
        assert "Trying again in" in errors


@pytest.mark.parametrize(
    ("hook", "secret", "told"),
    [
        ("ftp://host/x", TEXT, "must begin with https:// or http://"),
        ("https:///x", TEXT, "must begin with https:// or http://"),
        ("http://host:port/x", TEXT, "cannot be understood"),
        (f"https://user:{HIDDEN}@host/x", TEXT, "No user or password in the webhook's URL"),
        ("http://127.0.0.1:1/x", "not base64!", "must be base64"),
        ("http://127.0.0.1:1/x", "c2hvcnQ=", "of 16 bytes or more"),
    ],
)
def test_a_url_or_a_secret_that_cannot_be_used_is_refused_before_anything_is_taken(
    own_schema, hook, secret, told
):
    result = post(own_schema, hook, secret=secret)
    assert result.exit_code == 2
    assert told in result.stderr


def test_one_id_above_2_to_the_53_stays_itself_for_javascript(own_schema, outbox, receiver):
    write(outbox, 1)
    rows(outbox, "UPDATE quota_alerts SET alert_id = 102158563741335553")
    with receiver.open() as hook:
        post(own_schema, hook, "--limit", "1")
    assert receiver.alerts[0]["alert_id"] == "102158563741335553"
    assert value(outbox, "SELECT COUNT(*) FROM quota_alerts WHERE delivered_at IS NULL") == 0
