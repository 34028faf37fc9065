"""Where the SQL lies: inside an installed package, or at the top of a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "sql"


def sql_root() -> Path:
    """Return the folder that holds migrations, procedures, views and events."""
    return _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent


def is_checkout() -> bool:
    """Whether the SQL is a working copy, which `pin` may write to."""
    return not _INSTALLED.is_dir()
