"""How the learned taggers were made: `python -m bench.tagger.train`, in an environment with torch."""
