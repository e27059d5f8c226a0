"""An erasure removes the review pages: they may quote the person, and can be drawn again."""

from __future__ import annotations

from pathlib import Path

from flows.forget.erase import erase
from flows.forget.journal import DONE, new_erasure
from flows.review import write_review
from flows.review_folders import drop_unkept, reviews
from flows.settings import load_settings
from tests import review_frames as made
from tests.flows.review.conftest import publish_frames
from tests.flows.test_phrases import landed, spoken
from transforms.forgetting import Forgotten
from transforms.hashed import Hasher


def test_reviews_go_with_the_person_and_come_back_without(tmp_path: Path) -> None:
    settings = publish_frames(tmp_path, made.every_table(4))
    lake = landed(tmp_path, spoken(weeks=2))
    write_review(settings, None)
    assert len(reviews(settings.paths.exports)) == 1
    hasher = Hasher(b"k" * 32, (), merge_plus=True, country="none")
    done = erase(lake, settings, new_erasure("customer", "2026-11-18", (Forgotten(hasher),)))
    assert done.status == DONE
    assert not (settings.paths.exports / "review").exists()
    assert write_review(settings, None).folder.is_dir()


def test_without_reviews_nothing_is_dropped(tmp_path: Path) -> None:
    settings = load_settings(publish_frames(tmp_path, made.every_table(3)).file, {})
    drop_unkept(settings.paths.exports)
    assert reviews(settings.paths.exports) == []
