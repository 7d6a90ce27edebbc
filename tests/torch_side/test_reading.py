"""Reading pairs from files, and what is said of bad ones."""

import zipfile
from pathlib import Path

import pytest

from s2s_export.errors import DataError, DataFormatError, DataNotFoundError
from training.reading import read_pairs


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "I am.\tJe suis.\nHe is.\tIl est.\n",
        "I am.\tJe suis.\nHe is.\tIl est.",
        "I am.\tJe suis.\tCC-BY\n\nHe is.\tIl est.\tCC-BY\n",
        "\ufeffI am.\tJe suis.\r\n  \r\nHe is.\tIl est.\r\n",
    ],
    ids=["plain", "no last line feed", "third column and blank line", "BOM and CRLF"],
)
def test_reads_pairs(tmp_path: Path, content: str) -> None:
    """Faults 59, 60 and 62."""
    path = written(tmp_path / "pairs.txt", content)
    assert read_pairs(path) == [("I am.", "Je suis."), ("He is.", "Il est.")]


def test_reads_the_one_text_of_a_zip(tmp_path: Path) -> None:
    """Fault 70."""
    path = tmp_path / "fra-eng.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_about.txt", "no pairs")
        archive.writestr("fra.txt", "I am.\tJe suis.\n")
    assert read_pairs(path) == [("I am.", "Je suis.")]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("deu.txt", "I am.\tIch bin.\n")
    with pytest.raises(DataError, match=r"expected one \.txt or \.tsv file in it, found fra\.txt"):
        read_pairs(path)


def test_a_missing_file(tmp_path: Path) -> None:
    """Fault 58."""
    with pytest.raises(DataNotFoundError, match=r"gone\.txt: no such data file"):
        read_pairs(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", DataError, "no pairs in it"),
        (b"\n \n", DataError, "no pairs in it"),
        (b"a\tb\nno tab here\n", DataFormatError, "line 2: expected English<TAB>French"),
        (b"a\tb\n\xe9\tb\n", DataFormatError, "line 2: not UTF-8 at byte 0 of the line"),
    ],
)
def test_bad_content(tmp_path: Path, content: bytes, error: type[DataError], message: str) -> None:
    """Faults 58, 59 and 61."""
    path = written(tmp_path / "pairs.txt", content)
    with pytest.raises(error, match=message) as caught:
        read_pairs(path)
    assert str(caught.value).startswith(str(path))
    assert isinstance(caught.value, ValueError)


def test_a_folder_and_a_damaged_zip(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_pairs(tmp_path)
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fra.txt", "I am.\tJe suis.\n" * 9)
    content = bytearray(path.read_bytes())
    content[45] ^= 0xFF
    with pytest.raises(DataError, match=r"x\.zip: cannot be read: Bad CRC-32"):
        read_pairs(written(path, bytes(content)))
