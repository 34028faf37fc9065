"""Trying out an object's text under a scratch name, before the live object is dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pymysql.connections import Connection

from tenant_quota.apply import live_objects as live
from tenant_quota.apply.fingerprints import source
from tenant_quota.apply.object_files import KINDS, ObjectFile
from tenant_quota.apply.object_history import read_hash
from tenant_quota.errors import TenantQuotaError
from tenant_quota.statements import fetch

SCRATCH = "tenant_quota_scratch"


@dataclass(frozen=True)
class Proof:
    """The file's object as the server writes it; ``hash`` is its fingerprint."""

    file: ObjectFile
    scratch: live.LiveObject
    hash: str | None

    def is_text_of(self, current: live.LiveObject) -> bool:
        """Whether the live object has this text and settings, whoever its definer is."""
        text = self.scratch.as_named(SCRATCH, self.file.name)
        if self.file.kind == "EVENT":
            text = live.with_status(text, self.file.event_status)
        same = current.as_named(self.file.name, self.file.name) == text
        return same and current.settings == self.scratch.settings


def prove(connection: Connection[Any], file: ObjectFile) -> Proof:
    """Create the object under a scratch name, drop it, and return what the server made of it.

    So an error in the text is found in time, and what is live can be compared in the server's
    own words. Raises TenantQuotaError.
    """
    status = file.event_status if file.kind == "EVENT" else ""
    live.drop(connection, file.kind, SCRATCH)
    try:
        statement = file.create_asleep(SCRATCH) if status else file.create(SCRATCH)
        live.create(connection, statement, live.Settings())
        scratch = live.read_live(connection, file.kind, SCRATCH)
        known_by = read_hash(connection, file.kind, SCRATCH, status)
    finally:
        live.drop(connection, file.kind, SCRATCH)
    if scratch is None:
        raise TenantQuotaError(f"{file.path}: the scratch object vanished; run this again.")
    return Proof(file, scratch, known_by)


def sweep(connection: Connection[Any]) -> None:
    """Drop what a run that was killed while it tried something out has left."""
    for kind in KINDS.values():
        if fetch(connection, f"SELECT 1 FROM {source(kind, SCRATCH)}"):  # noqa: S608
            live.drop(connection, kind, SCRATCH)
