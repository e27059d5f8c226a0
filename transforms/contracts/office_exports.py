"""The published tables of the Office of the Customer, by subject."""

from __future__ import annotations

from transforms.contracts.learning_exports import LEARNING_TABLES
from transforms.contracts.programme_exports import PROGRAMME_TABLES
from transforms.contracts.schema import Table

OFFICE_TABLES: tuple[Table, ...] = (*PROGRAMME_TABLES, *LEARNING_TABLES)
