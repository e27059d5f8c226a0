"""The bytes of a file and the text in them: compression, encoding, line ends."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase

from flows.places import Place
from flows.sources.base import FileProblem

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
Damaged = (EOFError, gzip.BadGzipFile, zlib.error)
"""What unpacking a gzip file raises where it is cut short or damaged."""
_FALLBACK = "hearcast.windows-1252"


def digest(path: Place) -> str:
    """SHA-256 of the file's bytes as they lie on disk; FileProblem where it can't be read."""
    found = hashlib.sha256()
    _must_be_regular(path)
    try:
        with path.open("rb") as handle:
            while block := handle.read(_BLOCK):
                found.update(block)
    except OSError as error:
        raise unreadable(path, error) from None
    return found.hexdigest()


@contextmanager
def opened(path: Place) -> Iterator[BufferedIOBase]:
    """The file to read from, unpacked where it is gzipped. Reading may raise OSError or `Damaged`."""
    _must_be_regular(path)
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.open(file) as unpacked:
            yield unpacked


def load(path: Place) -> bytes:
    """The file's content, unpacked where it is gzipped (told by its first bytes, not its name)."""
    _must_be_regular(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except Damaged:
        raise FileProblem(
            f"{path.name}: the gzip file is cut short or damaged; send it again"
        ) from None


def _must_be_regular(path: Place) -> None:
    """FileProblem for folders and pipes: reading a pipe would wait for ever."""
    if path.exists() and not path.is_file():
        kind = "a directory" if path.is_dir() else "no regular file"
        raise FileProblem(f"{path.name}: can't be read (is {kind}); check the path")


def unreadable(path: Place, error: OSError) -> FileProblem:
    """The problem line for a file that the system does not let us read."""
    why = (error.strerror or type(error).__name__).lower()
    return FileProblem(f"{path.name}: can't be read ({why}); check the file and its permissions")


def decode(data: bytes) -> tuple[str, list[str]]:
    r"""Text without byte-order mark and with `\n` line ends, and remarks on its encoding.

    UTF-8 unless a mark says UTF-16. Bytes that are no UTF-8 are read one by one as Windows-1252,
    so a Latin-1 file is read right and one stray byte does not garble the rest.
    """
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if data.startswith(mark):
            return _plain_ends(data.decode("utf-16", errors="replace")), ["read as UTF-16"]
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return _plain_ends(data.decode("utf-8")), []
    except UnicodeDecodeError:
        pass
    handler = _WindowsBytes()
    codecs.register_error(_FALLBACK, handler)
    text = data.decode("utf-8", errors=_FALLBACK)
    note = f"{handler.count} bytes are not UTF-8 and were read as Windows-1252"
    return _plain_ends(text), [note]


class _WindowsBytes:
    """A decoding error handler that reads the offending bytes as Windows-1252 and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        self.count += error.end - error.start
        return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


def _plain_ends(text: str) -> str:
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def looks_binary(data: bytes) -> str | None:
    """What the first bytes betray where a text was expected, or None."""
    signatures: tuple[tuple[bytes, str], ...] = (
        (b"PK\x03\x04", "an Excel workbook or zip archive"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"%PDF", "a PDF"),
    )
    for start, kind in signatures:
        if data.startswith(start):
            return kind
    return None
