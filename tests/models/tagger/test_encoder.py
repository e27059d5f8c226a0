import math
from dataclasses import replace

import numpy as np
import pytest

from models.tagger.encoder import (
    HEADS,
    ROWS,
    WINDOW,
    Encoder,
    _blocks,
    _gelu,
    _read,
    _rows_stand_alone,
    scores,
)
from models.tagger.files import MATRICES, NORMS, distances, encoder_of
from models.tagger.reading import Reader
from models.tagger.wordpiece import WordPieces, vocabulary_of

WIDTH, WIDE, PIECES, SIGNALS, LAYERS = 24, 40, 30, 3, 2


def weights(
    seed: int = 1, width: int = WIDTH, wide: int = WIDE
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A small encoder by the names of a published one, and a head."""
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(scale=1.5 / math.sqrt(width), size=shape).astype(np.float32)

    base = {
        "embeddings.word_embeddings.weight": drawn(PIECES, width),
        "embeddings.position_embeddings.weight": drawn(64, width),
        "encoder.relative_attention_bias.weight": drawn(32, HEADS),
        "embeddings.LayerNorm.weight": drawn(width),
        "embeddings.LayerNorm.bias": drawn(width),
    }
    shapes = {"wide": (wide, width), "narrow": (width, wide)}
    for number in range(LAYERS):
        for part, name in MATRICES.items():
            shape = shapes.get(part, (width, width))
            base[f"encoder.layer.{number}.{name}.weight"] = drawn(*shape)
            base[f"encoder.layer.{number}.{name}.bias"] = drawn(shape[0])
        for name in NORMS.values():
            base[f"encoder.layer.{number}.{name}.weight"] = drawn(width)
            base[f"encoder.layer.{number}.{name}.bias"] = drawn(width)
    head = {"look": drawn(SIGNALS, width), "weigh": drawn(SIGNALS, width), "bias": drawn(SIGNALS)}
    return base, head


def norm(base: dict[str, np.ndarray], name: str, row: np.ndarray) -> np.ndarray:
    spread = math.sqrt(row.var() + 1e-5)
    return (row - row.mean()) / spread * base[f"{name}.weight"] + base[f"{name}.bias"]


def kind(way: int) -> int:
    """The class of a distance, as T5's paper describes it: eight near ones each way alone."""
    far = abs(way)
    if far >= 8:
        far = min(15, 8 + int(math.log(far / 8) / math.log(128 / 8) * 8))
    return far + (16 if way > 0 else 0)


def naive(
    base: dict[str, np.ndarray], head: dict[str, np.ndarray], pieces: list[int]
) -> list[float]:
    """The encoder piece by piece and head by head, in double precision, as the papers write it."""
    base = {name: value.astype(float) for name, value in base.items()}
    rows = [
        norm(
            base,
            "embeddings.LayerNorm",
            base["embeddings.word_embeddings.weight"][p]
            + base["embeddings.position_embeddings.weight"][t + 2],
        )
        for t, p in enumerate(pieces)
    ]
    size = WIDTH // HEADS
    for number in range(LAYERS):
        at = f"encoder.layer.{number}."

        def dense(name: str, row: np.ndarray, at: str = at) -> np.ndarray:
            return base[f"{at}{name}.weight"] @ row + base[f"{at}{name}.bias"]

        new = []
        for t in range(len(rows)):
            parts = []
            for h in range(HEADS):
                cut = slice(h * size, (h + 1) * size)
                q = dense("attention.attn.q", rows[t])[cut]
                like = np.array(
                    [
                        q @ dense("attention.attn.k", r)[cut] / math.sqrt(size)
                        + base["encoder.relative_attention_bias.weight"][kind(u - t), h]
                        for u, r in enumerate(rows)
                    ]
                )
                share = np.exp(like) / np.exp(like).sum()
                values = [dense("attention.attn.v", r)[cut] for r in rows]
                parts.append(sum(s * v for s, v in zip(share, values, strict=True)))
            seen = dense("attention.attn.o", np.concatenate(parts))
            mid = norm(base, at + "attention.LayerNorm", rows[t] + seen)
            wide = dense("intermediate.dense", mid)
            wide = np.array([x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in wide])
            new.append(norm(base, at + "output.LayerNorm", mid + dense("output.dense", wide)))
        rows = new
    out = []
    for s in range(SIGNALS):
        look = np.array([head["look"][s] @ row for row in rows])
        share = np.exp(look) / np.exp(look).sum()
        out.append(float(share @ [head["weigh"][s] @ row for row in rows]) + float(head["bias"][s]))
    return out


def test_odds_are_those_of_the_papers_formulas() -> None:
    base, head = weights()
    encoder = encoder_of(base, head)
    passages = [[1, 5, 7, 2], [1, 9, 8, 8, 3, 11, 2], [1, 2]]
    odds, _ = scores(encoder, passages)
    for i, pieces in enumerate(passages):
        assert odds[i] == pytest.approx(naive(base, head, pieces), abs=1e-4)


def test_what_a_passage_says_never_hangs_on_its_company() -> None:
    encoder = encoder_of(*weights(3, 768, 3072))
    rng = np.random.default_rng(4)
    passages = [[1, *rng.integers(3, PIECES, n).tolist(), 2] for n in rng.integers(1, 60, 60)]
    assert sum(map(len, passages)) > 2 * ROWS
    odds, places = scores(encoder, passages)
    alone = [scores(encoder, [pieces]) for pieces in passages]
    np.testing.assert_array_equal(odds, np.vstack([one for one, _ in alone]))
    np.testing.assert_array_equal(places, np.vstack([where for _, where in alone]))
    turned, _ = scores(encoder, passages[::-1])
    np.testing.assert_array_equal(turned[::-1], odds)


def test_side_by_side_the_same_is_read_as_one_by_one() -> None:
    encoder = encoder_of(*weights())
    passages = [[1, 5, 7, 2], [1, 9, 8, 8, 3, 11, 2], [1, 2]]
    for together, pieces in zip(_read(encoder, passages), passages, strict=True):
        assert together == pytest.approx(_read(encoder, [pieces])[0], abs=1e-5)


def test_products_that_differ_by_their_height_are_noticed() -> None:
    encoder = encoder_of(*weights())

    class Uneven(np.ndarray):
        """Weights whose products differ in the last bit from a height on, as on some processors."""

        def __rmatmul__(self, x: np.ndarray) -> np.ndarray:
            told = np.asarray(x) @ np.asarray(self)
            return np.nextafter(told, np.float32(9e9)) if len(x) > 100 else told

    first = encoder.layers[0]
    wide = replace(first.wide, w=first.wide.w.view(Uneven))
    assert not _rows_stand_alone(replace(encoder, layers=(replace(first, wide=wide),)))


def test_blocks_hold_all_passages_in_their_order() -> None:
    lengths = [5, 3, 9, 1, 1, 20, 2]
    blocks = [list(block) for block in _blocks(lengths, 10)]
    assert blocks == [[0, 1], [2, 3], [4], [5], [6]]
    assert [list(block) for block in _blocks(lengths, 1)] == [[i] for i in range(7)]
    assert not list(_blocks([], 10))


def test_gelu_is_the_normal_share_below_times_the_number() -> None:
    x = np.linspace(-9, 9, 5001).astype(np.float32)
    told = x.copy()
    _gelu(told)
    wanted = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.astype(float).tolist()]
    assert told == pytest.approx(wanted, abs=2e-6)


def test_changes_are_added_to_the_published_weights() -> None:
    base, head = weights()
    name = f"encoder.layer.1.{MATRICES['wide']}.weight"
    rng, rank = np.random.default_rng(2), 4
    learned, sides = dict(head), []
    for side, length in (("left", WIDE), ("right", WIDTH)):
        narrow = rng.integers(-127, 128, (rank, length)).astype(np.int8)
        scale = rng.uniform(0.001, 0.01, rank).astype(np.float32)
        learned |= {f"{name}_{side}": narrow, f"{name}_{side}_scale": scale}
        sides.append(narrow * scale[:, None])
    changed = dict(base)
    changed[name] = base[name] + sides[0].T @ sides[1]
    told, _ = scores(encoder_of(base, learned), [[1, 4, 6, 2]])
    wanted, _ = scores(encoder_of(changed, head), [[1, 4, 6, 2]])
    assert told == pytest.approx(wanted, abs=1e-5)
    assert told != pytest.approx(scores(encoder_of(base, head), [[1, 4, 6, 2]])[0], abs=1e-3)


def reader(encoder: Encoder) -> Reader:
    pieces = ["[UNK]", "[CLS]", "[SEP]", *(f"w{i}" for i in range(PIECES - 3))]
    return Reader(WordPieces(vocabulary_of(pieces)), encoder)


def test_a_long_text_is_read_in_parts_and_the_loudest_counts() -> None:
    encoder = encoder_of(*weights())
    one = reader(encoder)
    words = [f"w{i % 20}" for i in range(200)]
    room = encoder.longest - 2
    parts = [" ".join(words[i : i + room]) for i in range(0, len(words), room)]
    whole, places = one.score([" ".join(words)])
    assert whole[0] == pytest.approx(one.score(parts)[0].max(axis=0))
    for start, end in places[0].tolist():
        assert 0 <= start < end <= len(" ".join(words))
        assert len(" ".join(words)[start:end].split()) == WINDOW


def test_the_place_holds_what_speaks() -> None:
    base, head = weights()
    encoder = encoder_of(base, head)
    _, windows = scores(encoder, [[1, *range(3, 20), 2]])
    assert ((windows[0, :, 1] - windows[0, :, 0]) == WINDOW).all()
    assert windows.min() >= 1
    assert windows.max() <= 18


def test_far_pieces_share_classes_and_ways_have_their_own() -> None:
    told = distances(200)
    for t, u in [(0, 0), (0, 1), (1, 0), (3, 10), (0, 8), (0, 19), (40, 0), (0, 127), (199, 0)]:
        assert told[t, u] == kind(u - t)
    assert told.min() == 0
    assert told.max() == 31
