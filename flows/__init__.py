"""Orchestration and all input and output; nothing here estimates or decides."""
