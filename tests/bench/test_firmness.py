import numpy as np
import pytest

from bench.tagger.firmness import FEWEST, english, measured
from bench.tagger.material import SIGNALS, Labelled


def labelled(texts: list[str], signals: list[str]) -> Labelled:
    told = np.array([[signal == name for name in SIGNALS] for signal in signals])
    return Labelled(texts, told, "")


def test_a_phrase_is_counted_alone_and_right_only_where_its_signal_is() -> None:
    texts = [f"we are stocking up on item {i}" for i in range(8)]
    said = ["stocking_up"] * 6 + ["none", "gift_purchase"]
    passages = [labelled(texts[:5], said[:5]), labelled(texts[5:], said[5:])]
    one = next(f for f in measured(english(), passages) if f.phrase.startswith("stock|"))
    assert (one.signal, one.found, one.right) == ("stocking_up", 8, 6)
    assert one.interval == pytest.approx((0.409, 0.929), abs=0.001)


def test_negated_mentions_and_few_passages_do_not_count() -> None:
    texts = [f"we are not stocking up on item {i}" for i in range(8)]
    few = [f"we are stocking up on thing {i}" for i in range(FEWEST - 1)]
    passages = [labelled(texts + few, ["stocking_up"] * (len(texts) + len(few)))]
    assert not [f for f in measured(english(), passages) if f.phrase.startswith("stock|")]
