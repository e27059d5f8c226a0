"""Source of kind "sql": tables and queries of a database, read whole or from a watermark on."""
