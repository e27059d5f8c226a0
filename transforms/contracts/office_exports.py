"""The published tables of the Office of the Customer, by subject."""

from __future__ import annotations

from transforms.contracts.effect_exports import EFFECT_TABLES
from transforms.contracts.learning_exports import LEARNING_TABLES
from transforms.contracts.programme_exports import PROGRAMME_TABLES
from transforms.contracts.schema import Table

OFFICE_TABLES: tuple[Table, ...] = (*PROGRAMME_TABLES, *LEARNING_TABLES, *EFFECT_TABLES)
