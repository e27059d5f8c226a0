"""Source of kind "sql": tables and queries of a database, read whole or from a watermark on."""

from flows.sources.sql.address import check_databases
from flows.sources.sql.pull import pull_sql

__all__ = ["check_databases", "pull_sql"]
