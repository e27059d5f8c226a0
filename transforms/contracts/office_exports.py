"""The published tables of the Office of the Customer, by subject."""

from __future__ import annotations

from transforms.contracts.answering_exports import ANSWERING_TABLES
from transforms.contracts.distribution_exports import DISTRIBUTION_TABLES
from transforms.contracts.effect_exports import EFFECT_TABLES
from transforms.contracts.learning_exports import LEARNING_TABLES
from transforms.contracts.programme_exports import PROGRAMME_TABLES
from transforms.contracts.recovery_exports import RECOVERY_TABLES
from transforms.contracts.schema import Table
from transforms.contracts.segment_exports import SEGMENT_TABLES
from transforms.contracts.status_exports import STATUS_TABLES
from transforms.contracts.voice_office_exports import VOICE_OFFICE_TABLES

OFFICE_TABLES: tuple[Table, ...] = (
    *PROGRAMME_TABLES,
    *LEARNING_TABLES,
    *VOICE_OFFICE_TABLES,
    *RECOVERY_TABLES,
    *EFFECT_TABLES,
    *SEGMENT_TABLES,
    *ANSWERING_TABLES,
    *STATUS_TABLES,
    *DISTRIBUTION_TABLES,
)
