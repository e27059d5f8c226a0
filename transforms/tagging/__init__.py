"""Passages into tags: phrase rules as data, negation, questions, speakers and languages."""

from transforms.tagging.judging import TAGGABLE_SCHEMA, majority_language
from transforms.tagging.normalise import MAX_SCAN
from transforms.tagging.phrases import (
    TAGGER,
    PhraseBook,
    parse_phrases,
    tagger_version,
)
from transforms.tagging.tagger import TAG_SCHEMA, tag_and_judge, tag_passages, taggable

__all__ = [
    "MAX_SCAN",
    "TAGGABLE_SCHEMA",
    "TAGGER",
    "TAG_SCHEMA",
    "PhraseBook",
    "majority_language",
    "parse_phrases",
    "tag_and_judge",
    "tag_passages",
    "taggable",
    "tagger_version",
]
