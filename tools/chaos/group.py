"""Three nodes of Group Replication on this machine: one primary, two that follow."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pymysql
from pymysql.connections import Connection

from tenant_quota.sandbox import Sandbox
from tenant_quota.sandbox.local import LocalServer
from tests.helpers.server import connect, local_ways
from tests.helpers.support import rows, value, version, wait_until

NODES = 3
USER = "chaos_group"
OPTIONS = (
    "--gtid-mode=ON",
    "--enforce-gtid-consistency=ON",
    "--report-host=127.0.0.1",
    "--plugin-load-add=group_replication.so",
    "--loose-group-replication-start-on-boot=OFF",
    "--loose-group-replication-single-primary-mode=ON",
    "--loose-group-replication-communication-stack=MYSQL",
    "--loose-group-replication-ip-allowlist=127.0.0.1/32",
    "--loose-group-replication-ssl-mode=REQUIRED",
    "--loose-group-replication-recovery-use-ssl=ON",
    "--loose-group-replication-member-expel-timeout=0",
)
JOIN_SECONDS = 60


@dataclass
class Group:
    """The nodes, dead or alive, and how they know each other."""

    nodes: list[Sandbox]
    name: str = field(default_factory=lambda: str(uuid.uuid4()))
    password: str = field(default_factory=lambda: secrets.token_hex(12))

    def admin(self, node: Sandbox) -> Any:
        return connect(node.url, autocommit=True, connect_timeout=5, read_timeout=60)

    def prepare(self, node: Sandbox) -> None:
        """Make the group's account on a new node, and forget all that the node did alone."""
        with self.admin(node) as mine:
            rows(mine, "SET sql_log_bin = 0")
            rows(mine, f"CREATE USER {USER}@'%%' IDENTIFIED BY %s", self.password)
            rows(
                mine,
                "GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM"
                f" ON *.* TO {USER}@'%%'",
            )
            old = version(mine) < (8, 2)
            rows(mine, "RESET MASTER" if old else "RESET BINARY LOGS AND GTIDS")
        # It sets root's password at each start, which the group would not know of.
        assert isinstance(node.server, LocalServer)
        (node.server.directory / "init.sql").write_text("", encoding="ascii")

    def join(self, node: Sandbox, *, begins: bool = False) -> None:
        """Let a node join, or begin the group, and wait until it is ONLINE."""
        with self.admin(node) as mine:
            rows(mine, "SET GLOBAL group_replication_group_name = %s", self.name)
            address = f"127.0.0.1:{node.port}"
            rows(mine, "SET GLOBAL group_replication_local_address = %s", address)
            seeds = ",".join(f"127.0.0.1:{each.port}" for each in self.nodes)
            rows(mine, "SET GLOBAL group_replication_group_seeds = %s", seeds)
            rows(
                mine,
                "CHANGE REPLICATION SOURCE TO SOURCE_USER = %s, SOURCE_PASSWORD = %s"
                " FOR CHANNEL 'group_replication_recovery'",
                *(USER, self.password),
            )
            rows(mine, "SET GLOBAL group_replication_bootstrap_group = %s", int(begins))
            rows(mine, "START GROUP_REPLICATION")
            rows(mine, "SET GLOBAL group_replication_bootstrap_group = 0")
            assert wait_until(lambda: self.state(mine) == "ONLINE", JOIN_SECONDS), self.state(mine)

    def state(self, mine: Connection) -> str:
        return str(
            value(
                mine,
                "SELECT COALESCE(MAX(member_state), 'NONE') FROM"
                " performance_schema.replication_group_members WHERE member_id = @@server_uuid",
            )
        )

    def primary(self) -> Sandbox | None:
        """Return the node that takes writes now, or None while there is none."""
        for node in self.nodes:
            with suppress(pymysql.err.MySQLError, OSError), self.admin(node) as mine:
                if is_primary(mine):
                    return node
        return None

    def connect_to_primary(self, database: str) -> Any:
        """Connect as an application does: to whichever node takes writes.

        Raises OperationalError 2003 while none does.
        """
        for node in self.nodes:
            with suppress(pymysql.err.MySQLError, OSError):
                mine = connect(
                    node.url + database, autocommit=True, connect_timeout=5, read_timeout=60
                )
                if is_primary(mine):
                    return mine
                mine.close()
        raise pymysql.err.OperationalError(2003, "no node takes writes")


def is_primary(mine: Connection) -> bool:
    """Tell whether this node is the group's primary and takes writes already."""
    return bool(
        value(
            mine,
            "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE member_id ="
            " @@server_uuid AND member_role = 'PRIMARY' AND member_state = 'ONLINE'"
            " AND NOT @@GLOBAL.super_read_only",
        )
    )


@contextmanager
def group() -> Iterator[Group]:
    """Start the nodes and let them meet."""
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(
                Sandbox.start((*OPTIONS, f"--server-id={number}"), ways=local_ways())
            )
            for number in range(1, NODES + 1)
        ]
        made = Group(nodes)
        for node in nodes:
            made.prepare(node)
        for node in nodes:
            made.join(node, begins=node is nodes[0])
        yield made
