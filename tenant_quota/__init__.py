"""Per-tenant quotas that live inside MySQL: the thin command around the SQL."""

__version__ = "0.1.0"
