"""Rights as GRANT and REVOKE write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tenant_quota.grants.held import GRANT_OPTION, Right
from tenant_quota.grants.wanted import in_order
from tenant_quota.names import Account, quote


def grant(
    rights: Iterable[Right], account: Account, *, literal: bool
) -> Iterator[tuple[str, frozenset[Right]]]:
    """Yield a GRANT for each thing, schemas before tables; global ones one by one.

    ``literal``: names_are_literal.
    """
    parts: dict[tuple[str, ...], set[Right]] = {}
    for right in rights:
        key = (right.kind, right.schema, "" if right.name == "*" else right.name)
        if right.schema == "*":
            key = ("", "", right.privilege)
        parts.setdefault(key, set()).add(right)
    for _, part in sorted(parts.items(), key=lambda item: item[0]):
        words = ", ".join(in_order(r.privilege for r in part if r.privilege != GRANT_OPTION))
        option = " WITH GRANT OPTION" if any(r.privilege == GRANT_OPTION for r in part) else ""
        place = _place(next(iter(part)), literal)
        yield f"GRANT {words or 'USAGE'} ON {place} TO {account.quoted}{option}", frozenset(part)


def revoke(right: Right, account: Account, *, literal: bool) -> str:
    """Return the REVOKE of one right."""
    if right.kind == "ROLE":
        return f"REVOKE {right.name} FROM {account.quoted}"
    return f"REVOKE {right.privilege} ON {_place(right, literal)} FROM {account.quoted}"


def _place(right: Right, literal: bool) -> str:
    """Return what stands behind ON; _ and % in a schema's name are wildcards there."""
    if right.schema == "*":
        return "*.*"
    if right.name == "*":
        escaped = right.schema if literal else re.sub(r"([\\_%])", r"\\\1", right.schema)
        return f"{quote(right.pattern or escaped)}.*"
    kind = f"{right.kind} " if right.kind else ""
    return f"{kind}{quote(right.schema)}.{quote(right.name)}"
