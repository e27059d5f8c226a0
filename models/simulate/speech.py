"""Passages: what was said in each conversation, and which signals each passage truly carries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from models.simulate import wording_main as main
from models.simulate import wording_other as other
from models.simulate.clock import iso
from models.simulate.orders import numbered
from models.simulate.spec import SIGNALS, BrandSpec, archetype
from models.simulate.voice import CALL, CHAT, LANGUAGES, REVIEW, Talk, conversation_ids

TEMPLATES: dict[str, tuple[str, ...]] = {
    "stocking_up": main.STOCKING_UP,
    "delivery_worry": main.DELIVERY_WORRY,
    "durability_question": main.DURABILITY_QUESTION,
    **other.OTHER,
}
NEAR_MISSES = main.NEAR_STOCKING + main.NEAR_DELIVERY + main.NEAR_DURABILITY
CONTACT_SHARE = 0.015
NEAR_MISS_SHARE = 0.10

Sentence = tuple[str, tuple[str, ...]]


@dataclass
class _Pile:
    """Passages in the making, as columns."""

    conversation: list[int] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    signals: list[list[str]] = field(default_factory=list)
    speaker: list[str] = field(default_factory=list)
    position: list[int] = field(default_factory=list)

    def add(self, conversation: int, text: str, signals: Sequence[str], speaker: str) -> None:
        """Append one passage; positions count up within a conversation."""
        same = bool(self.conversation) and self.conversation[-1] == conversation
        self.position.append(self.position[-1] + 1 if same else 0)
        self.conversation.append(conversation)
        self.text.append(text)
        self.signals.append([s for s in SIGNALS if s in signals])
        self.speaker.append(speaker)


def _uniform(rng: np.random.Generator) -> Iterator[float]:
    """Uniform draws without end, taken from the generator in blocks."""
    while True:
        yield from rng.random(65_536).tolist()


class _Speaker:
    """Says things: picks templates and fills their slots, from one seeded source of chance."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._draws = _uniform(rng)
        self.kind = archetype(0)

    def chance(self) -> float:
        return next(self._draws)

    def pick(self, options: Sequence[str]) -> str:
        return options[int(self.chance() * len(options))]

    def fill(self, template: str) -> str:
        if "{" not in template:
            return template
        return template.format(
            p=self.kind.plural,
            s=self.kind.singular,
            n=self.pick(other.NUMBERS),
            dur=self.pick(other.SPANS),
            day=self.pick(other.DAYS),
            season=self.pick(other.SEASONS),
            who=self.pick(other.PEOPLE),
            order=f"O{int(self.chance() * 60_000):06d}",
            mail=f"{self.pick(('mia', 'tom', 'lea', 'raj'))}.{int(self.chance() * 90)}@example.com",
            phone=f"{self.pick(('202', '312', '415'))}-555-01{int(self.chance() * 100):02d}",
        )

    def sentence(self, signal: str, language: str) -> Sentence:
        """A sentence that carries the signal."""
        source = other.PORTUGUESE if language == "pt" else TEMPLATES
        return self.fill(self.pick(source[signal])), (signal,)

    def filler(self, language: str) -> Sentence:
        """A sentence that carries no signal, now and then one that nearly seems to."""
        if language == "pt":
            return self.pick(other.PORTUGUESE_PLAIN), ()
        near = self.chance() < NEAR_MISS_SHARE
        return self.fill(self.pick(NEAR_MISSES if near else other.PLAIN)), ()

    def dressed(self, sentences: Sequence[Sentence], language: str) -> Sentence:
        """One passage of some sentences, perhaps with a greeting, thanks or contact details."""
        text = " ".join(s for s, _ in sentences)
        signals = tuple(x for _, found in sentences for x in found)
        if language == "en":
            if self.chance() < 0.15:
                text = self.pick(other.OPENERS) + text
            if self.chance() < 0.12:
                text += self.pick(other.CLOSERS)
            if self.chance() < CONTACT_SHARE:
                text += " " + self.fill(self.pick(other.CONTACTS))
        return text, signals


def _customer_turns(
    say: _Speaker, wanted: list[str], channel: int, language: str
) -> list[Sentence]:
    """The customer's passages of a conversation: all wanted signals, and some small talk."""
    if language == "fi":
        text, signals = other.FINNISH[int(say.chance() * len(other.FINNISH))]
        return [(text, signals)]
    said = [say.sentence(s, language) for s in wanted]
    if not said or say.chance() < 0.45:
        said.insert(int(say.chance() * (len(said) + 1)), say.filler(language))
    if channel == REVIEW:
        return [say.dressed(said, language)]
    turns: list[Sentence] = []
    while said:
        size = 2 if len(said) > 1 and say.chance() < 0.45 else 1
        turns.append(say.dressed(said[:size], language))
        said = said[size:]
    return turns


def _converse(say: _Speaker, pile: _Pile, v: int, wanted: list[str], talk: Talk) -> None:
    channel, language = int(talk.channel[v]), LANGUAGES[int(talk.language[v])]
    spoken = channel in (CALL, CHAT) and language == "en"
    if spoken and say.chance() < 0.25:
        pile.add(v, say.fill(say.pick(main.AGENT_PLAIN)), (), "agent")
    for text, signals in _customer_turns(say, wanted, channel, language):
        pile.add(v, text, signals, "customer")
        if spoken and say.chance() < 0.3:
            options = main.AGENT_TRAPS if say.chance() < 0.5 else main.AGENT_PLAIN
            pile.add(v, say.fill(say.pick(options)), (), "agent")


def draw_passages(spec: BrandSpec, talk: Talk) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Passages in order of conversation and position, and the truth about each.

    An agent's passage never carries a signal, whatever its words. Truth columns: passage_id,
    conversation_id, language, speaker, signals (list, in the codebook's order).
    """
    say = _Speaker(spec.rng("speech"))
    kinds = [archetype(c) for c in range(spec.categories)]
    pile = _Pile()
    wanted: list[list[str]] = [[] for _ in range(len(talk.at))]
    for v, s in zip(*np.nonzero(talk.mentions), strict=True):
        wanted[v].append(SIGNALS[s])
    for v, signals in enumerate(wanted):
        say.kind = kinds[int(talk.about[v])]
        _converse(say, pile, v, signals, talk)
    number = np.array(pile.conversation, dtype=np.int64)
    position = np.array(pile.position, dtype=np.int64)
    ids = conversation_ids(number)
    passage = numbered("P", np.arange(len(number)), 6)
    frame = pl.DataFrame(
        {
            "passage_id": passage,
            "conversation_id": ids,
            "text": pile.text,
            "said_at": iso(spec, talk.at[number] + 30 * position),
            "speaker": pile.speaker,
            "position": position,
        }
    )
    truth = pl.DataFrame(
        {
            "passage_id": passage,
            "conversation_id": ids,
            "language": pl.Series(LANGUAGES).gather(talk.language[number]),
            "speaker": pile.speaker,
            "signals": pl.Series(pile.signals, dtype=pl.List(pl.String)),
        }
    )
    return frame, truth
