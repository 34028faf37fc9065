"""A MySQL Router in front of a source and its replica, with the routes that docs/proxies.md names."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tenant_quota.sandbox import Sandbox
from tenant_quota.sandbox.local import free_port
from tests.helpers.certificates import Authority
from tests.helpers.server import connect
from tests.helpers.support import rows, value, wait_until

#: Where `tools.router_package` has put what it got.
FOLDER = os.environ.get("TENANT_QUOTA_PROXIES", "")
#: plain: one server connection for each client. sharing: one for all who are idle. readonly: the
#: replica. split: reads to the replica, writes to the source.
ROUTES = ("plain", "sharing", "readonly", "split")
CLUSTER = "mysql_innodb_cluster_metadata"


class Router:
    """One running Router; ``ports`` has the port of each route."""

    def __init__(self, work: Path, source: Sandbox, replica: Sandbox) -> None:
        self.work, self.source, self.replica = work, source, replica
        self.tree = Path(FOLDER, "router")
        if not self.tree.is_dir():
            pytest.skip(f"there is no Router in {FOLDER}: see what `make test-proxies` says above")
        self.ports = {name: free_port() for name in ROUTES}

    def start(self, stack: ExitStack) -> None:
        """Start it, and wait until each route is there."""
        self.write_metadata()
        self.write_keyring()
        (self.work / "router.conf").write_text(self.configuration(), "utf-8")
        log = stack.enter_context((self.work / "out.log").open("wb"))
        argv = [*self.program("mysqlrouter"), "-c", str(self.work / "router.conf")]
        process = subprocess.Popen(argv, stdout=log, stderr=log)
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)

        def is_up() -> bool:
            try:
                for port in self.ports.values():
                    with closing(connect(f"mysql://app:App-1@127.0.0.1:{port}/shop")):
                        pass
            except Exception:
                return False
            return True

        assert wait_until(is_up, 40), self.log()

    def program(self, name: str) -> list[str]:
        """Return how to run one of the package's programs: by the C library that came along."""
        libc = next(self.tree.glob("usr/lib/*/libc.so.6")).parent
        loader = next(libc.glob("ld-linux*.so.*"))
        libraries = f"{libc}:{self.tree}/usr/lib/mysql-router"
        return [str(loader), "--library-path", libraries, str(self.tree / "usr/bin" / name)]

    def configuration(self) -> str:
        certificate, key = Authority(self.work).issue("router", ("127.0.0.1",))
        tls = f"client_ssl_mode=PREFERRED\nserver_ssl_mode=PREFERRED\nclient_ssl_key={key}\n"
        sharing = f"connection_sharing=1\n{tls}client_ssl_cert={certificate}\n"
        server = "routing_strategy=first-available\ndestinations=127.0.0.1"
        cluster = "metadata-cache://shop/?role=PRIMARY_AND_SECONDARY"
        more = {
            "plain": f"{server}:{self.source.port}\n",
            "sharing": f"{server}:{self.source.port}\n{sharing}connection_sharing_delay=0\n",
            "readonly": f"{server}:{self.replica.port}\n",
            "split": f"routing_strategy=round-robin\ndestinations={cluster}\n{sharing}"
            "access_mode=auto\n",
        }
        return (
            f"[DEFAULT]\nlogging_folder={self.work}\nruntime_folder={self.work}\n"
            f"data_folder={self.work}\nconfig_folder={self.work}\n"
            f"plugin_folder={self.tree}/usr/lib/mysqlrouter/plugin\n"
            f"dynamic_state={self.work}/state.json\nkeyring_path={self.work}/keyring\n"
            f"master_key_path={self.work}/key\n[logger]\nlevel=info\n"
            "[connection_pool]\nmax_idle_server_connections=1\n"
            "[metadata_cache:shop]\ncluster_type=rs\nrouter_id=1\nuser=router\n"
            "metadata_cluster=shop\nttl=1\n"
        ) + "".join(
            f"[routing:{name}]\nbind_address=127.0.0.1\nbind_port={self.ports[name]}\n"
            f"protocol=classic\n{more[name]}"
            for name in ROUTES
        )

    def write_keyring(self) -> None:
        """Give Router its account's password, and say where the metadata is."""
        keyring, key = str(self.work / "keyring"), f"--master-key-file={self.work / 'key'}"
        program = self.program("mysqlrouter_keyring")
        for words in (["init", key, keyring], ["set", key, keyring, "router", "password", "R-1"]):
            subprocess.run([*program, *words], check=True, capture_output=True)
        servers = [f"mysql://127.0.0.1:{self.source.port}"]
        cache = {"group-replication-id": "rs-1", "cluster-metadata-servers": servers}
        state = {"metadata-cache": cache, "version": "1.0.0"}
        (self.work / "state.json").write_text(json.dumps(state), "utf-8")

    def write_metadata(self) -> None:
        """Write what Router reads of a ReplicaSet of these two, and make its accounts.

        MySQL Shell would make it; Debian has no package of that.
        """
        with closing(connect(self.source.url, autocommit=True)) as root:
            uuids = [value(root, "SELECT @@server_uuid")]
            with closing(connect(replica_url(self), autocommit=True)) as other:
                uuids.append(value(other, "SELECT @@server_uuid"))
            ports = (self.source.port, self.replica.port)
            both = list(zip((1, 2), uuids, ports, ("PRIMARY", "SECONDARY"), strict=True))
            members = " UNION ALL ".join(
                f"SELECT 1 AS view_id, 'rs-1' AS cluster_id, {number} AS instance_id,"
                f" 's{number}' AS label, '{uuid}' AS member_id, '{role}' AS member_role,"
                " NULL AS master_instance_id, NULL AS master_member_id"
                for number, uuid, _, role in both
            )
            instances = " UNION ALL ".join(
                f"SELECT {number} AS instance_id, 'rs-1' AS cluster_id, 's{number}' AS label,"
                f" '{uuid}' AS mysql_server_uuid, '127.0.0.1:{port}' AS address,"
                f" '127.0.0.1:{port}' AS endpoint, NULL AS xendpoint,"
                " CAST('{}' AS JSON) AS attributes, 'async-member' AS instance_type"
                for number, uuid, port, _ in both
            )
            cluster = "'rs-1' AS cluster_id, 'shop' AS cluster_name, 'ar' AS cluster_type"
            nothing = "CAST('{}' AS JSON)"
            views = {
                "schema_version": "SELECT 2 AS major, 3 AS minor, 0 AS patch",
                "v2_this_instance": f"SELECT {cluster}, 1 AS instance_id",
                "v2_clusters": f"SELECT {cluster}, 'pm' AS primary_mode, '' AS clusterset_id,"
                f" {nothing} AS attributes, {nothing} AS router_options",
                "v2_ar_clusters": f"SELECT 1 AS view_id, {cluster}, 'pm' AS primary_mode,"
                f" {nothing} AS attributes, {nothing} AS router_options",
                "v2_ar_members": members,
                "v2_instances": instances,
                "v2_router_options": "SELECT 1 AS router_id, 'rs-1' AS cluster_id,"
                f" NULL AS clusterset_id, {nothing} AS router_options",
                "v2_routers": f"SELECT * FROM {CLUSTER}.routers",
            }
            rows(root, f"CREATE DATABASE {CLUSTER}")
            for table, columns in {
                "routers": "router_id INT, router_name TEXT, address TEXT, version TEXT,"
                " last_check_in TIMESTAMP NULL, attributes JSON, cluster_id CHAR(36), options JSON",
                "clusters": "cluster_id CHAR(36), router_options JSON",
                "clustersets": "clusterset_id CHAR(36), router_options JSON",
                "routing_guidelines": "guideline_id INT, guideline JSON, name TEXT",
            }.items():
                rows(root, f"CREATE TABLE {CLUSTER}.{table} ({columns})")
            rows(
                root,
                f"INSERT INTO {CLUSTER}.routers (router_id, attributes, cluster_id, options)"
                " VALUES (1, '{}', 'rs-1', '{}')",
            )
            for name, select in views.items():
                rows(root, f"CREATE VIEW {CLUSTER}.{name} AS {select}")
            rows(root, "CREATE USER router IDENTIFIED BY 'R-1'")
            rows(root, "GRANT ALL ON *.* TO router")

    def log(self) -> str:
        return "\n".join(log.read_text("utf-8")[-2000:] for log in self.work.glob("*.log"))


def replica_url(router: Router) -> str:
    """Return the replica's URL: it has followed the source's password."""
    return f"mysql://root:{router.source.password}@127.0.0.1:{router.replica.port}/"
