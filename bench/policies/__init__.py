"""Inventory policies run for a year: what the plan's orders would have led to."""
