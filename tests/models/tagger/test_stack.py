import numpy as np

from models.tagger.stack import Stack


def stack() -> Stack:
    parts = ([0.0, -1.0], [1.0, 2.0], [2.0, 3.0], [0.5, 0.4])
    return Stack(*(np.array(part, dtype=np.float32) for part in parts))


def test_a_rule_raises_the_chance_and_never_lowers_it() -> None:
    odds = np.random.default_rng(1).normal(0, 1, (200, 2)).astype(np.float32)
    alone = stack().chance(odds, np.zeros(odds.shape, dtype=bool))
    both = stack().chance(odds, np.ones(odds.shape, dtype=bool))
    assert (both > alone).all()
    assert (alone > 0).all()
    assert (both < 1).all()


def test_rules_are_tried_only_where_they_could_make_a_tag() -> None:
    odds = np.random.default_rng(2).normal(0, 4, (500, 2)).astype(np.float32)
    one = stack()
    open_ = one.open(odds)
    ruled = np.random.default_rng(3).random(odds.shape) < 0.5
    tagged = one.tagged(one.chance(odds, ruled))
    assert not (tagged & ~open_).any()
    assert (tagged == one.tagged(one.chance(odds, ruled & open_))).all()
    assert 0 < open_.sum() < open_.size
