import numpy as np

from models.tagger.windows import Windows, words_of
from models.tagger.wordpiece import WordPieces, vocabulary_of

PIECES = [
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "it",
    "broke",
    "after",
    "two",
    "weeks",
    "dont",
    "?",
    "b",
    "##y",
]
FEATURES, SIGNALS, WIDTH = 7, 3, 5


def network(seed: int = 1) -> Windows:
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    return Windows(
        words=WordPieces(vocabulary_of(PIECES)),
        table=rng.integers(-3000, 3000, (len(PIECES), WIDTH, FEATURES)).astype(np.int16),
        step=0.001,
        start=drawn(FEATURES),
        weigh=drawn(SIGNALS, FEATURES),
        mean=drawn(len(PIECES), SIGNALS),
        base=drawn(SIGNALS),
    )


def naive(net: Windows, pieces: list[int]) -> np.ndarray:
    """The same by the book: every window, rectified, the strongest of each feature."""
    strength = []
    for t in range(len(pieces)):
        total = net.start.astype(float)
        for j in range(WIDTH):
            at = t + j - WIDTH // 2
            if 0 <= at < len(pieces):
                total = total + net.step * net.table[pieces[at], j]
        strength.append(np.maximum(total, 0))
    best = np.max(strength, axis=0)
    return net.base + net.weigh @ best + net.mean[pieces].mean(axis=0)


def test_odds_are_those_of_the_plain_computation() -> None:
    net = network()
    texts = ["it broke after two weeks?", "by", "two two two it it it after after weeks broke by ?"]
    odds, _ = net.score(texts)
    for i, text in enumerate(texts):
        pieces = [p for word in words_of(text) for p in net.words.pieces(word)]
        np.testing.assert_allclose(odds[i], naive(net, pieces), rtol=1e-5, atol=1e-5)


def test_a_passage_does_not_hang_on_its_neighbours() -> None:
    net = network()
    texts = ["it broke", "after two weeks ?", "", "it broke"]
    odds, spoke = net.score(texts)
    for i, text in enumerate(texts):
        alone, there = net.score([text])
        assert (alone[0] == odds[i]).all()
        assert (there[0] == spoke[i]).all()


def test_the_place_is_that_of_the_window_that_speaks() -> None:
    net = network()
    net.table[:] = 0
    net.start[:] = 0
    net.weigh[:] = 1
    net.table[PIECES.index("broke"), WIDTH // 2] = 5
    text = "two two two two two two two it broke after two weeks two two two two"
    _, spoke = net.score([text])
    start, end = net.places(text, spoke[0])[0]
    assert text[start:end] == "two it broke after two"


def test_apostrophes_do_not_shift_places() -> None:
    net = network()
    text = "don't don't by it"
    assert words_of(text) == ["dont", "dont", "by", "it"]
    places = net.places(text, np.array([4]))
    assert text[slice(*places[0])] == "by it"


def test_any_text_has_odds_and_places_inside_it() -> None:
    net = network()
    for text in ("", " ", "'''", "zzz", "\x00", "don''t", "?" * 50, "日本 b"):
        odds, spoke = net.score([text])
        assert np.isfinite(odds).all()
        for start, end in net.places(text, spoke[0]):
            assert 0 <= start <= end <= len(text)
