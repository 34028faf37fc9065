"""CHECKs that a tool has named anew: the same clauses, and the ALTER that names them again."""

from __future__ import annotations

from tenant_quota.names import quote

Parts = dict[str, dict[str, str]]


def same_clauses(expected: Parts, found: Parts) -> tuple[Parts, list[tuple[str, str]]]:
    """Return what was found with each CHECK under its own name; and those names, with the others.

    pt-online-schema-change names all CHECKs of a table anew, and changes nothing else.
    """
    found, renamed = {**found}, []
    strangers = [part for part in found if part.startswith("check ") and part not in expected]
    for part, attributes in expected.items():
        if part.startswith("check ") and part not in found:
            same = next((each for each in strangers if found[each] == attributes), None)
            if same is not None:
                strangers.remove(same)
                found[part] = found.pop(same)
                renamed.append((part.partition(" ")[2], same.partition(" ")[2]))
    return found, renamed


def rename_checks(key: str, renamed: list[tuple[str, str]], expected: Parts) -> str:
    """Return the ALTER that gives CHECKs their own names again; MySQL knows no RENAME for it."""
    steps = [f"DROP CHECK {quote(other)}" for _, other in renamed]
    for name, _ in renamed:
        attributes = expected[f"check {name}"]
        clause = attributes["clause"].replace("\\'", "'")
        state = "" if attributes["enforced"] == "yes" else " NOT ENFORCED"
        steps.append(f"ADD CONSTRAINT {quote(name)} CHECK ({clause}){state}")
    return f"ALTER TABLE {quote(key.partition(' ')[2])} {', '.join(steps)}"
