"""Passages a second: `python -m bench.tagging [--passages N] [--quick] [--out FILE]`.

Ours as a night tags them, cold, on two processes: languages, rules, the fast network, spans. Beside
it, in the same run, a spaCy pipeline of a phrase matcher and a negation window, with the literal
phrases of our own English book, in two processes. Passages are made of real sentences at
their natural mix, no two alike; without the folder of third-party data, of those of our own writing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from bench.family import Watched
from flows.listening import tagged
from flows.settings import load_settings
from flows.tag_cache import TagCache
from flows.taggers import open_tagger
from transforms.tagging.judging import complete

ROOT = Path(__file__).resolve().parents[1]
FULL, QUICK = 1_000_000, 60_000
PEER = 40_000
CHARACTERS = 120
MOST_SECONDS, MOST_MIB, LEAST_TIMES = 60.0, 3 * 1024.0, 2.0
WORKERS = 2
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


@dataclass(frozen=True, slots=True)
class Tagging:
    """One system: passages, wall and processor seconds, tags, peak MiB of all its processes."""

    system: str
    passages: int
    seconds: float
    cpu: float
    tags: int
    peak_mib: float

    def rate(self) -> float:
        """Passages a second of wall time."""
        return self.passages / self.seconds


def sentences() -> list[str]:
    """Real sentences where there are any, else our own."""
    folder = os.environ.get("HEARCAST_EXAMPLES_DATA")
    path = Path(folder) / "passages" / "passages_train.jsonl" if folder else None
    if path is not None and path.exists():
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        texts = [row["text"] for row in rows if row["pool"] == "random"]
    else:
        own = (ROOT / "data" / "tagger" / "own_passages.txt").read_text("utf-8").splitlines()
        texts = [line.partition(" | ")[2] for line in own if " | " in line]
    found = {part.strip() for text in texts for part in _SENTENCE.findall(text)}
    return sorted(part for part in found if 15 <= len(part) <= CHARACTERS)


def passages(count: int, seed: int = 7) -> pl.DataFrame:
    """Different passages of about 120 characters: sentences drawn until there are enough."""
    parts = np.array(sentences(), dtype=object)
    rng = np.random.default_rng(seed)
    made: dict[str, None] = {}
    while len(made) < count:
        for row in parts[rng.integers(0, len(parts), (50_000, 4))]:
            text, *rest = row
            for more in rest:
                if len(text) + len(more) / 2 > CHARACTERS:
                    break
                text = f"{text} {more}"
            made[text] = None
    ids = [f"{i:07d}" for i in range(count)]
    texts = list(made)[:count]
    return complete(pl.DataFrame({"conversation_id": ids, "passage_id": ids, "text": texts}))


class Peak:
    """The greatest memory that this process and its children held together while it watched."""

    def __enter__(self) -> Peak:
        """Begin to watch."""
        self._family, self._over = Watched(os.getpid()), threading.Event()
        self._watch = threading.Thread(target=self._run, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._over.set()
        self._watch.join()

    def _run(self) -> None:
        while not self._over.wait(0.25):
            self._family.look()

    @property
    def mib(self) -> float:
        """The most so far."""
        return self._family.peak_mib


def timed(system: str, count: int, work: Callable[[], int]) -> Tagging:
    """What `work` costs, children included; it returns the number of tags."""
    with Peak() as peak:
        began, wall = os.times(), time.perf_counter()
        tags = work()
        seconds, ended = time.perf_counter() - wall, os.times()
    cpu = sum(ended[:4]) - sum(began[:4])
    return Tagging(system, count, seconds, cpu, tags, peak.mib)


def ours(frame: pl.DataFrame, name: str) -> Tagging:
    """Our tagger on all passages, nothing kept from before."""
    settings = load_settings(ROOT / "hearcast.toml", {"HEARCAST_RUN__THREADS": str(WORKERS)})
    tagger = open_tagger(settings, name)
    identity = ["conversation_id", "passage_id"]

    def work() -> int:
        with tempfile.TemporaryDirectory() as lake:
            cache = TagCache(Path(lake), tagger.version)
            return tagged(frame, identity, settings, tagger, cache).tags.height

    return timed(f"hearcast {name}", frame.height, work)


def spacy_pipeline() -> object:
    """A blank English pipeline: phrase matcher on lower-case words, negation within six words."""
    import spacy  # noqa: PLC0415
    from spacy.language import Language  # noqa: PLC0415
    from spacy.matcher import PhraseMatcher  # noqa: PLC0415
    from spacy.tokens import Doc  # noqa: PLC0415

    from transforms.tagging import parse_phrases  # noqa: PLC0415

    raw = tomllib.loads((ROOT / "data" / "phrases" / "en.toml").read_text("utf-8"))
    book = parse_phrases("en", raw)
    cues = {"not", "no", "never", "n't", "without", "nor", "cannot"}
    if not Doc.has_extension("mentions"):
        Doc.set_extension("mentions", default=None)

    @Language.factory("mentions")
    def mentions(nlp: Language, name: str) -> Callable[[Doc], Doc]:  # noqa: ARG001
        matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        for signal in book.signals:
            anchors = {
                a.strip() for r in book.rules if r.signal == signal for a in r.pattern.anchors
            }
            matcher.add(signal, list(nlp.pipe(sorted(anchors))))

        def find(doc: Doc) -> Doc:
            found = []
            for label, start, end in matcher(doc):
                if not any(token.lower_ in cues for token in doc[max(0, start - 6) : start]):
                    found.append((doc.vocab.strings[label], doc[start:end].start_char))
            doc.user_data["mentions"] = found
            return doc

        return find

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("mentions")
    return nlp


def peer(frame: pl.DataFrame) -> Tagging | None:
    """SpaCy on a sample of the same passages; None where it is not installed."""
    try:
        nlp = spacy_pipeline()
    except ImportError:
        return None
    texts = frame["text"].head(PEER).to_list()

    def work() -> int:
        docs = nlp.pipe(texts, n_process=WORKERS, batch_size=1_000)  # type: ignore[attr-defined]
        return sum(len(doc.user_data["mentions"]) for doc in docs)

    return timed("spaCy matcher + negation", len(texts), work)


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.tagging", description=__doc__)
    parser.add_argument("--passages", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="60,000 passages")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    count = asked.passages or (QUICK if asked.quick else FULL)
    frame = passages(count)
    tenth = ours(frame.head(count // 10), "fast")
    done = [tenth, ours(frame, "fast"), ours(frame, "rules")]
    other = peer(frame)
    done += [other] if other else []
    print(f"{'system':26}{'passages':>11}{'seconds':>9}{'cpu s':>8}{'a second':>10}{'MiB':>8}")
    for one in done:
        print(
            f"{one.system:26}{one.passages:>11,}{one.seconds:>9.1f}{one.cpu:>8.1f}"
            f"{one.rate():>10,.0f}{one.peak_mib:>8.0f}"
        )
    whole = done[1]
    for line in verdicts(whole, tenth, other):
        print(line)
    if asked.out:
        asked.out.write_text(json.dumps([asdict(one) for one in done], indent=1))
    return 0


def verdicts(whole: Tagging, tenth: Tagging, other: Tagging | None) -> list[str]:
    """What was asked for, and whether it was reached, by wall and by processor time."""
    seconds = whole.seconds * FULL / whole.passages
    cpu = whole.cpu * FULL / whole.passages / WORKERS
    said = "reached" if seconds <= MOST_SECONDS else "MISSED"
    lines = [
        f"a million passages in {seconds:.0f} s (limit {MOST_SECONDS:.0f}: {said}); "
        f"{cpu:.0f} s of each of {WORKERS} processors",
        f"memory {whole.peak_mib:.0f} MiB (limit {MOST_MIB:.0f}), a tenth of the passages took "
        f"{tenth.peak_mib:.0f} MiB",
    ]
    if other is None:
        return [*lines, "spaCy is not installed here: `make bench` measures beside it"]
    times = whole.rate() / other.rate()
    by_cpu = (whole.passages / whole.cpu) / (other.passages / other.cpu)
    said = "reached" if times >= LEAST_TIMES else "MISSED"
    return [*lines, f"{times:.1f} times spaCy by the wall, {by_cpu:.1f} by processor time: {said}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
