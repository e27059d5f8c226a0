import math

import numpy as np
import pytest

from models.tagger.encoder import HEADS, WINDOW, Encoder, scores
from models.tagger.files import MATRICES, NORMS, encoder_of
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
        "embeddings.token_type_embeddings.weight": drawn(2, WIDTH),
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
    spread = math.sqrt(row.var() + 1e-12)
    return (row - row.mean()) / spread * base[f"{name}.weight"] + base[f"{name}.bias"]


def naive(
    base: dict[str, np.ndarray], head: dict[str, np.ndarray], pieces: list[int]
) -> list[float]:
    """The encoder piece by piece and head by head, in double precision, as the papers write it."""
    base = {name: value.astype(float) for name, value in base.items()}
    kind = base["embeddings.token_type_embeddings.weight"][0]
    rows = [
        norm(
            base,
            "embeddings.LayerNorm",
            base["embeddings.word_embeddings.weight"][p]
            + base["embeddings.position_embeddings.weight"][t]
            + kind,
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
                q = dense("attention.self.query", rows[t])[cut]
                like = np.array(
                    [q @ dense("attention.self.key", r)[cut] / math.sqrt(size) for r in rows]
                )
                share = np.exp(like) / np.exp(like).sum()
                values = [dense("attention.self.value", r)[cut] for r in rows]
                parts.append(sum(s * v for s, v in zip(share, values, strict=True)))
            seen = dense("attention.output.dense", np.concatenate(parts))
            mid = norm(base, at + "attention.output.LayerNorm", rows[t] + seen)
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
    change = np.random.default_rng(2).integers(-127, 128, base[name].shape).astype(np.int8)
    scale = np.full(len(change), 0.01, dtype=np.float32)
    learned = head | {name: change, f"{name}_scale": scale}
    changed = dict(base)
    changed[name] = base[name] + change * scale[:, None]
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
