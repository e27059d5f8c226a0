"""The Office of the Customer: the conversation programme's tables, each from the night's others."""

from flows.office.given import Given, Said
from flows.office.tables import office
from flows.office.watch import watched

__all__ = ["Given", "Said", "office", "watched"]
