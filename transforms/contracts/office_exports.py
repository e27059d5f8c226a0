"""The published tables of the Office of the Customer, by subject."""

from __future__ import annotations

from transforms.contracts.schema import Table

OFFICE_TABLES: tuple[Table, ...] = ()
