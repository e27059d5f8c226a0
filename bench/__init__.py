"""How long a night takes and how much memory: `python -m bench`."""
