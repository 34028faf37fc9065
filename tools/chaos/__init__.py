"""The long runs, not part of ``make test``: ``make chaos``, or ``python -m tools.chaos``."""
