"""The learned tagger: scores of passages, agreement of readers, and how good a tagger is."""
