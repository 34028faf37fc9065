"""Each page's program runs, and keeps its word where locks, kills and lost connections are."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.clients.conftest import FOLDER, PROGRAMS, Shop
from tests.helpers.support import rows, value, wait_until

Command = list[str]


def needs(*programs: str) -> None:
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"there is no {program}")


def python(program: str) -> Command:
    return [f"{FOLDER}/venv/bin/python", str(PROGRAMS / program)]


def with_pymysql(work: Path) -> Command:
    return python("orders.py")


def with_sqlalchemy(work: Path) -> Command:
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("MySQLdb")
    return python("sqlalchemy_orders.py")


def with_node(work: Path) -> Command:
    needs("node")
    if not Path(FOLDER, "node_modules/mysql2").is_dir():
        pytest.skip("npm has not installed mysql2")
    shutil.copy(PROGRAMS / "orders.mjs", work)  # Node looks for modules above the file
    (work / "node_modules").symlink_to(Path(FOLDER, "node_modules"))
    return ["node", str(work / "orders.mjs")]


def with_php(work: Path) -> Command:
    needs("php")
    if subprocess.run(["php", "-r", "exit((int) !class_exists('mysqli'));"]).returncode:
        pytest.skip("PHP has no mysqli")
    return ["php", str(PROGRAMS / "orders.php")]


def with_ruby(work: Path) -> Command:
    needs("ruby")
    if subprocess.run(["ruby", "-e", "require 'mysql2'"], capture_output=True).returncode:
        pytest.skip("Ruby has no mysql2")
    return ["ruby", str(PROGRAMS / "orders.rb")]


def with_go(work: Path) -> Command:
    needs("go")
    source = Path("/usr/share/gocode")
    if not (source / "src/github.com/go-sql-driver/mysql").is_dir():
        pytest.skip("there is no golang-github-go-sql-driver-mysql-dev")
    environment = {"GO111MODULE": "off", "GOPATH": str(source), "GOFLAGS": "-p=1"}
    built = subprocess.run(
        ["go", "build", "-o", str(work / "orders"), str(PROGRAMS / "orders.go")],
        env={**environment, "PATH": "/usr/bin:/bin", "HOME": FOLDER, "GOCACHE": f"{FOLDER}/go"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return [str(work / "orders")]


def with_java(work: Path) -> Command:
    needs("java", "javac")
    jar = Path("/usr/share/java/mariadb-java-client.jar")
    if not jar.exists():
        pytest.skip("there is no libmariadb-java")
    argv = ["javac", "-encoding", "UTF-8", "-d", str(work), str(PROGRAMS / "Orders.java")]
    subprocess.run(argv, check=True, capture_output=True)
    return ["java", "-Dfile.encoding=UTF-8", "-cp", f"{jar}:{work}", "Orders"]


LANGUAGES = [
    with_pymysql,
    with_sqlalchemy,
    with_node,
    with_php,
    with_ruby,
    with_go,
    with_java,
]
#: What each program prints; SQLAlchemy's ends after the orders.
ORDERS = (
    "order-1: GRANTED, 4 left\norder-1: REPLAYED, 4 left\norder-🎁: GRANTED, 3 left\n"
    r"order-2: EXCEEDED, again in [1-9]\d* s" + "\norder-3: EXCEEDED, for good\n"
)
REST = "lease: released\nerror: invalid_argument: p_amount .*\n"


def start(shop: Shop, command: Command) -> subprocess.Popen[str]:
    # Without TLS, MariaDB's driver asks for the server's key only if it is told to.
    more = {"DB_URL": shop.url_for("mysqldb"), "DB_OPTIONS": "?allowPublicKeyRetrieval=true"}
    return subprocess.Popen(
        command,
        env=shop.environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def assert_right(shop: Shop, process: subprocess.Popen[str], command: Command) -> str:
    """Return what it wrote to standard error."""
    output, errors = process.communicate(timeout=120)
    expected = ORDERS if "sqlalchemy" in command[-1] else ORDERS + REST
    assert re.fullmatch(expected, output), output + errors
    assert process.returncode == 0
    assert shop.orders() == ["order-1", "order-🎁"]
    assert shop.ledger() == [("order-1", 1), ("order-🎁", 1)]
    taken = "SELECT used_count FROM tenant_quotas WHERE limit_type = 'CONCURRENT'"
    assert value(shop.admin, taken) == 0
    return errors


def waits_anew(shop: Shop, before: list[tuple[int, int]]) -> bool:
    """Whether the program waits again, in another transaction than before."""
    return shop.waits() not in ([], before)


each = pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.__name__[5:])


@each
def test_the_program_runs(shop: Shop, tmp_path: Path, language: Callable[[Path], Command]):
    command = language(tmp_path)
    assert assert_right(shop, start(shop, command), command) == ""


@each
def test_the_program_gets_through_a_lock_wait_a_kill_and_a_lost_connection(
    shop: Shop, tmp_path: Path, language: Callable[[Path], Command]
):
    command = language(tmp_path)

    with shop.locked() as holder:
        process = start(shop, command)
        try:
            assert wait_until(shop.waits), "it has not come so far"
            for end in ("the lock wait's time", "KILL QUERY", "KILL"):
                before = shop.waits()
                if end.startswith("KILL"):
                    rows(shop.admin, f"{end} {before[0][0]}")
                assert wait_until(partial(waits_anew, shop, before)), end
            holder.rollback()
            assert_right(shop, process, command)
        finally:
            process.kill()
