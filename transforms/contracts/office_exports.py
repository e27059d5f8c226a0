"""The published tables of the Office of the Customer, by subject."""

from __future__ import annotations

from transforms.contracts.answering_exports import ANSWERING_TABLES
from transforms.contracts.schema import Table
from transforms.contracts.segment_exports import SEGMENT_TABLES

OFFICE_TABLES: tuple[Table, ...] = (*SEGMENT_TABLES, *ANSWERING_TABLES)
"""The Office of the Customer: the conversation programme's tables, each from the night's others."""
