import io
import zipfile
from pathlib import Path

from flows.tagger_parts import joined


def parts(folder: Path, content: bytes, sizes: list[int]) -> list[Path]:
    out, at = [], 0
    for number, size in enumerate(sizes):
        path = folder / f"archive.zip.{number:03}"
        path.write_bytes(content[at : at + size])
        out.append(path)
        at += size
    assert at >= len(content)
    return out


def test_an_archive_in_parts_is_read_as_one(tmp_path: Path) -> None:
    packed = io.BytesIO()
    words = [f"line {i}\n".encode() * 50 for i in range(40)]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(words):
            archive.writestr(f"{number}.txt", content)
    whole = packed.getvalue()
    cut = parts(tmp_path, whole, [7, 0, 1, len(whole) // 2, len(whole)])
    with zipfile.ZipFile(joined(cut)) as archive:
        assert [archive.read(f"{number}.txt") for number in range(len(words))] == words


def test_places_are_those_of_one_file(tmp_path: Path) -> None:
    content = bytes(range(250))
    cut, one = joined(parts(tmp_path, content, [3, 100, 147])), io.BytesIO(content)
    for offset, whence, count in [(0, 0, 5), (-4, 2, 9), (100, 0, 30), (-20, 1, 3), (400, 0, 2)]:
        assert cut.seek(offset, whence) == one.seek(offset, whence)
        assert cut.read(count) == one.read(count)
        assert cut.tell() == one.tell()
