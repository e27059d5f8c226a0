"""Counts of the customer system: who was heard, what they said, and what came of it."""
