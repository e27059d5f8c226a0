"""Sources: one module per kind of system; each yields canonical rows with their accounting."""
