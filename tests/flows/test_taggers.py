"""The shipped taggers on texts as people and attackers write them."""

import contextlib
import logging
import os
import signal
import threading
import time
from multiprocessing import active_children, get_context
from pathlib import Path

import polars as pl
import pytest

from flows import tagger_files
from flows.cli import main
from flows.descendants import descendants
from flows.listening_pool import Pool
from flows.listening_readers import Readers
from flows.listening_work import Question
from flows.night import open_night
from flows.settings import Settings, SettingsError, load_settings
from flows.taggers import Tagger, open_tagger

ODD = (
    "😡😡 where is my 📦 package?? it's been 3 weeks 😤",
    "\u202eאיפה ההזמנה שלי\u202c where is my order",
    "it\u200b bro\u200dke\ufeff after\u2060 two weeks",
    "<p>It <b>broke</b> after&nbsp;a week &amp; I want a refund</p><script>alert(1)</script>",
    "\x00\x07my order\x1b[31m never arrived\x9f",
    "Não recebi o produto, where is my order, où est ma commande",
    "'; DROP TABLE tags; -- will buy again",
    '=HYPERLINK("http://x") runs small, size up',
    "z̸̢͝a̷l̵g̶o̴ it broke",
    "",
    "   ",
    "''''''",
    "?!?!?!?!",
    "日本語のテキスト",
    "a" * 300,
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("taggers") / "hearcast.toml"
    path.write_text("")
    return load_settings(path, {})


@pytest.fixture(scope="module")
def fast(settings: Settings) -> Tagger:
    return open_tagger(settings)


def series(*texts: str) -> pl.Series:
    return pl.Series(texts, dtype=pl.String)


def signals(tagger: Tagger, text: str) -> set[str]:
    return set(tagger.find(series(text), "en")["signal"])


def test_fast_is_the_default_and_finds_what_no_phrase_says(fast: Tagger) -> None:
    assert fast.name == "fast"
    text = "What sort of plug has it got, and does it come with the adapter for a bass amp?"
    found = fast.find(series(text), "en").row(0, named=True)
    assert found["signal"] == "product_question"
    for plain in ("A lovely colour and so soft.", "The show was great last night."):
        assert signals(fast, plain) == set()


def test_other_languages_are_read_by_rules_alone(fast: Tagger, settings: Settings) -> None:
    texts = series("Não recebi o produto até agora", "O produto quebrou em uma semana")
    rules = open_tagger(settings, "rules")
    assert fast.find(texts, "pt").equals(rules.find(texts, "pt"))
    assert fast.find(texts, "pt").height > 0


def test_odd_texts_have_tags_inside_them_and_alone_as_together(fast: Tagger) -> None:
    whole = fast.find(series(*ODD), "en")
    for row in whole.iter_rows(named=True):
        assert 0 <= row["span_start"] < row["span_end"] <= len(ODD[row["row"]])
        assert 0.3 <= row["confidence"] <= 1
    for i, text in enumerate(ODD):
        alone = fast.find(series(text), "en").drop("row")
        assert alone.equals(whole.filter(pl.col("row") == i).drop("row"))
    assert "delivery_worry" in signals(fast, ODD[0])
    assert "return_intent" in signals(fast, ODD[3])
    assert "delivery_worry" in signals(fast, ODD[4])


@pytest.mark.parametrize("unit", ["it broke 😡 ", "a'", "&amp;", "\u200b\u202e", "? ", "é"])
def test_time_grows_no_faster_than_the_text(unit: str, fast: Tagger) -> None:
    fast.find(series(unit * 10), "en")
    taken = []
    for length in (2_000, 16_000, 10_000_000):
        text = series(unit * (length // len(unit)))
        started = time.process_time()
        fast.find(text, "en")
        taken.append(time.process_time() - started)
    assert taken[1] < 24 * taken[0] + 0.5
    assert taken[2] < 5, "what lies beyond the scanned part costs next to nothing"


def test_reading_at_once_says_what_hints_and_find_say(fast: Tagger) -> None:
    texts = series(*ODD, "Onde está o meu pedido? Não chegou ainda.", "ok", "!!!")
    hints, found = fast.read(texts)
    assert hints.equals(fast.hints(texts))
    assert set(found["language"].unique()) == {"en", "pt"}, "both books have something to say"
    for language in ("en", "pt"):
        own = hints.with_row_index("row").filter("decided", pl.col("hint") == language)
        wanted = fast.find(texts, language).filter(pl.col("row").is_in(own["row"].to_list()))
        told = found.filter(pl.col("language") == language).drop("language")
        assert told.sort("row", "signal", "span_start").equals(
            wanted.sort("row", "signal", "span_start")
        )


def test_more_processes_find_the_same(
    settings: Settings, fast: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.listening_pool.WORTH_OTHERWISE", 10)
    monkeypatch.setattr("flows.listening_work.PART_OTHERWISE", 7)
    texts = series(*ODD, *(f"{text} {i}" for i, text in enumerate(ODD)))
    with Readers(settings, fast) as readers:
        found, hints = readers.find(texts, "en"), readers.hints(texts)
        whole = readers.read(texts)
    assert found.equals(fast.find(texts, "en"))
    assert hints.equals(fast.hints(texts))
    for told, wanted in zip(whole, fast.read(texts), strict=True):
        assert told.equals(wanted)


def test_a_process_that_lives_on_answers_for_the_version_that_is_asked(settings: Settings) -> None:
    fewer = settings.model_copy(
        update={"tagging": settings.tagging.model_copy(update={"languages": ("en",)})}
    )
    texts = series("Onde está o meu pedido? Não chegou ainda, e já devia ter chegado.")
    told = {}
    for one in (settings, fewer):
        version = open_tagger(one, "rules").version
        _, told[version] = Question(one, "rules", version, "read")(texts)
    assert [found.height > 0 for found in told.values()] == [True, False]
    with pytest.raises(RuntimeError, match="was asked for what another says"):
        Question(settings, "rules", "another", "read")(texts)


def test_a_process_killed_while_it_reads_costs_nothing(
    settings: Settings,
    fast: Tagger,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("flows.listening_pool.WORTH_OTHERWISE", 10)
    monkeypatch.setattr("flows.listening_work.PART_OTHERWISE", 40)
    monkeypatch.setattr(logging.getLogger("hearcast"), "propagate", True)
    texts = series(*(f"{text} {i}" for i in range(200) for text in ODD[:4]))
    killer = threading.Thread(target=_kill_one_reader, daemon=True)
    with Readers(settings, fast) as readers:
        killer.start()
        found = readers.find(texts, "en")
    killer.join()
    assert found.equals(fast.find(texts, "en"))
    assert "texts are read again by 1 in parts of 10" in caplog.text


def test_readers_that_start_while_others_die_are_ended_too(settings: Settings) -> None:
    bystander = get_context("spawn").Process(target=time.sleep, args=(60,))
    bystander.start()
    pool = Pool(2)
    asked = Question(settings, "rules", open_tagger(settings, "rules").version, "find", ("en",))
    list(pool.each(series("where is my order"), asked))
    started = set(active_children()) - {bystander}
    pool._kill()
    assert started
    deadline = time.monotonic() + 60
    while any(_runs(one.pid) for one in started):
        assert time.monotonic() < deadline, "a reader lives on"
        time.sleep(0.05)
    assert bystander.is_alive()
    pool.close()
    bystander.kill()
    bystander.join()


def _runs(pid: int | None) -> bool:
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _kill_one_reader() -> None:
    while True:
        for child in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(child, signal.SIGKILL)
                    return
        time.sleep(0.01)


def test_a_missing_encoder_is_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tagger_files, "PACKAGE", "nobody-has-this-package")
    path = tmp_path / "hearcast.toml"
    path.write_text("[tagging]\ntagger = 'accurate'\n")
    with pytest.raises(SettingsError, match="make accurate"):
        open_tagger(load_settings(path, {}))
    with pytest.raises(SettingsError, match="make accurate"):
        open_night(str(path), "2026-11-15")
    assert main(["nightly", "--config", str(path)]) == 2
    err = capsys.readouterr().err.strip()
    assert "make accurate" in err
    assert "\n" not in err


def test_the_accurate_tagger_reads_short_and_long_texts(settings: Settings) -> None:
    try:
        accurate = open_tagger(settings, "accurate")
    except SettingsError:
        pytest.skip("the encoder is not installed (make accurate)")
    long = "The colour is nice and it is soft. " * 60 + "It stopped working after a month."
    found = accurate.find(series(long, *ODD), "en")
    one = found.filter(pl.col("row") == 0, pl.col("signal") == "durability_question")
    assert one.height == 1
    assert "stopped working" in long[one["span_start"][0] : one["span_end"][0]]
    for row in found.iter_rows(named=True):
        text = (long, *ODD)[row["row"]]
        assert 0 <= row["span_start"] < row["span_end"] <= len(text)
