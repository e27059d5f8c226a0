import math

import numpy as np
import pytest

from models.tagger.encoder import HEADS, WINDOW, Encoder, scores
from models.tagger.files import MATRICES, NORMS, distances, encoder_of
from models.tagger.reading import Reader
from models.tagger.wordpiece import WordPieces, vocabulary_of

WIDTH, WIDE, PIECES, SIGNALS, LAYERS = 24, 40, 30, 3, 2


def weights(seed: int = 1) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A small encoder by the names of a published one, and a head."""
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(scale=0.3, size=shape).astype(np.float32)

    base = {
        "embeddings.word_embeddings.weight": drawn(PIECES, WIDTH),
        "embeddings.position_embeddings.weight": drawn(64, WIDTH),
        "encoder.relative_attention_bias.weight": drawn(32, HEADS),
        "embeddings.LayerNorm.weight": drawn(WIDTH),
        "embeddings.LayerNorm.bias": drawn(WIDTH),
    }
    shapes = {"wide": (WIDE, WIDTH), "narrow": (WIDTH, WIDE)}
    for number in range(LAYERS):
        for part, name in MATRICES.items():
            shape = shapes.get(part, (WIDTH, WIDTH))
            base[f"encoder.layer.{number}.{name}.weight"] = drawn(*shape)
            base[f"encoder.layer.{number}.{name}.bias"] = drawn(shape[0])
        for name in NORMS.values():
            base[f"encoder.layer.{number}.{name}.weight"] = drawn(WIDTH)
            base[f"encoder.layer.{number}.{name}.bias"] = drawn(WIDTH)
    head = {"look": drawn(SIGNALS, WIDTH), "weigh": drawn(SIGNALS, WIDTH), "bias": drawn(SIGNALS)}
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
