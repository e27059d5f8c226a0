"""Every table of Hearcast, declared once."""

from transforms.contracts.exports import EXPORTS
from transforms.contracts.inputs import CONFIG_KEYS, INPUTS
from transforms.contracts.schema import CONTRACT_VERSION, UTC_TIME, Column, Reason, Table

__all__ = [
    "CONFIG_KEYS",
    "CONTRACT_VERSION",
    "EXPORTS",
    "INPUTS",
    "UTC_TIME",
    "Column",
    "Reason",
    "Table",
]
