"""What stands in the place of what was redacted."""

from __future__ import annotations

EMAIL, PHONE, CARD, IBAN = "<EMAIL>", "<PHONE>", "<CARD>", "<IBAN>"
TAX_ID, ADDRESS, NAME, ORDER = "<TAX_ID>", "<ADDRESS>", "<NAME>", "<ORDER>"
MARKS = (EMAIL, PHONE, CARD, IBAN, TAX_ID, ADDRESS, NAME, ORDER)
