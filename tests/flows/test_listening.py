"""Texts are read once, by one version of the tagger; warm or cold, the night's bytes are the same."""

import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import night, tagger_files
from flows.knowledge import Tags
from flows.listening import tagged
from flows.reader import read_table
from flows.settings import Settings, load_settings
from flows.tag_cache import KEPT, TagCache
from flows.taggers import Tagger, open_tagger
from tests.flows.tiny import END, tiny_shop
from transforms.tagging.judging import complete

SAID = (
    "It broke after a week",
    "My order never arrived",
    "I bought three so that I never run out",
    "A lovely colour",
    "Não recebi o produto até agora",
)
IDENTITY = ["conversation_id", "passage_id"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "hearcast.toml"
    path.write_text("[tagging]\ntagger = 'rules'\n")
    return load_settings(path, {})


@pytest.fixture
def phrases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Phrase files of the test's own, to be changed."""
    folder = tmp_path / "phrases"
    shutil.copytree(night.PHRASES, folder)
    monkeypatch.setattr(night, "PHRASES", folder)
    return folder


def changed(phrases: Path) -> None:
    book = phrases / "en.toml"
    text = book.read_text(encoding="utf-8")
    new = '[signals.stocking_up]\nconfidence = 0.8\nphrases = [\n  "lovely colour",'
    old = "[signals.stocking_up]\nconfidence = 0.8\nphrases = ["
    assert old in text
    book.write_text(text.replace(old, new), encoding="utf-8")


def passages(count: int) -> pl.DataFrame:
    rows = [(f"c{i % 7}", f"p{i}", SAID[i % len(SAID)]) for i in range(count)]
    return complete(pl.DataFrame(rows, schema=[*IDENTITY, "text"], orient="row"))


class Counting:
    """A tagger that tells how many texts it was given."""

    def __init__(self, tagger: Tagger) -> None:
        self.tagger, self.count = tagger, 0
        self.name, self.version, self.books = tagger.name, tagger.version, tagger.books

    def hints(self, texts: pl.Series) -> pl.DataFrame:
        return self.tagger.hints(texts)

    def read(self, texts: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
        hints, found = self.tagger.read(texts)
        ours = [book.language for book in self.books]
        self.count += hints.filter("decided", "worded", pl.col("hint").is_in(ours)).height
        return hints, found

    def find(self, texts: pl.Series, language: str) -> pl.DataFrame:
        self.count += len(texts)
        return self.tagger.find(texts, language)


def tag(settings: Settings, lake: Path | None, count: int) -> tuple[Tags, int]:
    tagger: Any = Counting(open_tagger(settings))
    found = tagged(passages(count), IDENTITY, settings, tagger, TagCache(lake, tagger.version))
    return found, tagger.count


def test_a_text_is_read_once_and_what_is_kept_says_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    first, read = tag(settings, tmp_path / "lake", 3)
    assert read == 3
    more, read = tag(settings, tmp_path / "lake", 40)
    assert read == 2, "three of the five texts had been read"
    cold, read = tag(settings, None, 40)
    assert read == 5
    assert more.tags.equals(cold.tags)
    assert more.taggable.equals(cold.taggable)
    assert 0 < first.tags.height < more.tags.height
    again, read = tag(settings, tmp_path / "lake", 40)
    assert read == 0
    assert again.tags.equals(cold.tags)


def test_what_is_kept_holds_no_word_and_is_the_owners_alone(
    settings: Settings, tmp_path: Path
) -> None:
    tag(settings, tmp_path / "lake", 5)
    files = list((tmp_path / "lake" / "tagged").rglob("*.parquet"))
    assert len(files) == 2
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
        frame = pl.read_parquet(path)
        for text in SAID:
            assert text not in str(frame.to_dicts())


def test_damaged_or_deleted_results_are_found_again(settings: Settings, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    whole, _ = tag(settings, lake, 5)
    for path in (lake / "tagged").rglob("found.parquet"):
        path.write_bytes(b"PAR1 broken")
    repaired, read = tag(settings, lake, 5)
    assert read == 5
    assert repaired.tags.equals(whole.tags)
    shutil.rmtree(lake / "tagged")
    assert tag(settings, lake, 5)[0].tags.equals(whole.tags)


def test_versions_long_out_of_use_are_forgotten(settings: Settings, tmp_path: Path) -> None:
    tag(settings, tmp_path / "lake", 5)
    room = tmp_path / "lake" / "tagged"
    for age in range(4):
        (room / f"rules-old{age}").mkdir()
        os.utime(room / f"rules-old{age}", (1_000 + age, 1_000 + age))
    tag(settings, tmp_path / "lake", 40)
    shutil.rmtree(room / open_tagger(settings).version)
    tag(settings, tmp_path / "lake", 5)
    left = sorted(one.name for one in room.iterdir())
    assert left == sorted(["rules-old3", open_tagger(settings).version])
    assert len(left) == KEPT


def test_the_version_changes_with_phrases_code_and_model(
    settings: Settings, phrases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {open_tagger(settings, name).version for name in ("rules", "fast")}
    assert open_tagger(settings, "rules").version in seen
    changed(phrases)
    seen |= {open_tagger(settings, name).version for name in ("rules", "fast")}
    assert len(seen) == 4
    model = tmp_path / "weights"
    shutil.copytree(tagger_files.WEIGHTS, model)
    with (model / "fast.npz").open("ab") as out:
        out.write(b"\0")
    network, about, digest = tagger_files.read_fast(model)
    assert digest != tagger_files.read_fast()[2]
    monkeypatch.setattr("flows.taggers.read_fast", lambda: (network, about, digest))
    seen.add(open_tagger(settings, "fast").version)
    assert len(seen) == 5
    monkeypatch.setattr("flows.taggers.code_digest", lambda: "other")
    seen |= {open_tagger(settings, name).version for name in ("rules", "fast")}
    assert len(seen) == 7


def test_any_file_of_code_that_tags_counts(tmp_path: Path) -> None:
    for pattern in tagger_files.CODE:
        folder = tmp_path / Path(pattern).parent
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tagger_one.py").write_text("a = 1\n")
    found = {tagger_files.code_digest(tmp_path)}
    for pattern in tagger_files.CODE:
        (tmp_path / Path(pattern).parent / "tagger_one.py").write_text("a = 2\n")
        found.add(tagger_files.code_digest(tmp_path))
    assert len(found) == 1 + len(tagger_files.CODE)


def shop_that_hears(folder: Path) -> Path:
    config = tiny_shop(folder)
    days = [END - timedelta(days=i) for i in range(60)]
    rows = [
        {
            "passage_id": f"p{i}",
            "conversation_id": f"c{i}",
            "text": SAID[i % len(SAID)],
            "said_at": f"{day}T12:00:00Z",
            "channel": "chat",
            "speaker": "customer",
            "language": None,
        }
        for i, day in enumerate(days)
    ]
    pl.DataFrame(rows).write_ndjson(folder / "said.jsonl")
    text = config.read_text().replace(
        'order_lines = "in/*"', 'order_lines = "in/*"\npassages = "said.jsonl"'
    )
    config.write_text(text + "[tagging]\ntagger = 'rules'\n")
    return config


def hashes(exports: Path, day: date) -> dict[str, str]:
    folder = exports / f"as_of={day}"
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.parquet")}


@pytest.mark.soak
@pytest.mark.usefixtures("prefect_server")
def test_a_changed_phrase_re_tags_all_history_and_a_cold_night_gives_the_same_bytes(
    tmp_path: Path, phrases: Path, run_night: Callable[..., Any]
) -> None:
    config = shop_that_hears(tmp_path)
    before = END - timedelta(days=7)
    assert run_night(config, before.isoformat()).name == "Completed"
    old = read_table(tmp_path / "exports", "tags")
    assert old["tagger_version"].n_unique() == 1
    changed(phrases)
    assert run_night(config, END.isoformat()).name == "Completed"
    new = read_table(tmp_path / "exports", "tags")
    assert new["tagger_version"].n_unique() == 1
    assert set(new["tagger_version"]).isdisjoint(old["tagger_version"])
    first = new.join(old, on=["passage_id", "signal"], how="anti")
    assert first.filter(pl.col("said_at").dt.date() <= before)["signal"].to_list() != []
    weekly = read_table(tmp_path / "exports", "signals_weekly")
    assert weekly["tagger_version"].n_unique() == 1
    warm = hashes(tmp_path / "exports", END)
    shutil.rmtree(tmp_path / "lake" / "tagged")
    assert run_night(config, END.isoformat()).name == "Completed"
    assert hashes(tmp_path / "exports", END) == warm
