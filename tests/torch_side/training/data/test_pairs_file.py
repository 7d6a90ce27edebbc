"""Reading pairs from files, and the errors for bad ones."""

import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from s2s_export.errors import DataError, DataFormatError, DataNotFoundError
from training.data.pairs_file import LONGEST_LINE, RawPairs, read_pairs

PAIRS = [("Je suis.", "I am."), ("Il est.", "He is.")]


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
    assert read_pairs(written(tmp_path / "pairs.txt", content)).pairs == PAIRS


def test_reverse_takes_the_first_column_for_the_source(tmp_path: Path) -> None:
    path = written(tmp_path / "pairs.txt", "I am.\tJe suis.\n")
    assert read_pairs(path, reverse=True).pairs == [("I am.", "Je suis.")]
    columns = [("I am.", "Je suis.")]
    assert RawPairs.of_columns("x", columns).pairs == PAIRS[:1]
    assert RawPairs.of_columns("x", columns, reverse=True).pairs == columns


def test_blank_one_sided_and_too_long_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    lines = ["I am.\tJe suis.", "", " \t ", "x\t", "\t y", "z" * LONGEST_LINE, "He is.\tIl est."]
    raw = read_pairs(written(tmp_path / "pairs.txt", "\n".join(lines)))
    assert raw.pairs == PAIRS
    assert dict(raw.skipped) == {
        "blank": 2,
        "one side empty": 2,
        f"longer than {LONGEST_LINE} bytes": 1,
    }


def test_a_line_of_ten_megabytes_is_never_in_memory(tmp_path: Path) -> None:
    """The next line keeps its number."""
    path = written(tmp_path / "pairs.txt", b"a\tb\n" + b"x" * 10_000_000 + b"\nno tab\n")
    tracemalloc.start()
    with pytest.raises(DataFormatError, match="line 3: expected English<TAB>French"):
        read_pairs(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_the_longest_line_that_is_read(tmp_path: Path) -> None:
    line = "a\t" + "b" * (LONGEST_LINE - 3)
    raw = read_pairs(written(tmp_path / "pairs.txt", f"{line}\n{line}b\nc\td\n"))
    assert [len(pair.source) for pair in raw.pairs] == [LONGEST_LINE - 3, 1]


def test_reads_the_one_text_of_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "fra-eng.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_about.txt", "no pairs")
        archive.writestr("fra.txt", "I am.\tJe suis.\n")
    assert read_pairs(path).pairs == PAIRS[:1]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("deu.txt", "I am.\tIch bin.\n")
    with pytest.raises(DataError, match=r"expected one \.txt or \.tsv file in it, found fra\.txt"):
        read_pairs(path)


def test_reads_gzip_whatever_its_name(tmp_path: Path) -> None:
    content = gzip.compress(b"I am.\tJe suis.\nHe is.\tIl est.\n")
    assert read_pairs(written(tmp_path / "pairs.tsv.gz", content)).pairs == PAIRS
    assert read_pairs(written(tmp_path / "pairs.tsv", content)).pairs == PAIRS
    with pytest.raises(DataError, match=r"cut\.gz: cannot be read: Compressed file ended"):
        read_pairs(written(tmp_path / "cut.gz", content[:-9]))
    damaged = bytearray(content)
    damaged[-6] ^= 0xFF
    with pytest.raises(DataError, match="cannot be read: CRC check failed"):
        read_pairs(written(tmp_path / "damaged.gz", bytes(damaged)))


def test_a_missing_data_file(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"gone\.txt: no such data file"):
        read_pairs(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", DataError, r"no pairs in it \(it is empty\)"),
        (b"\n \n", DataError, r"no pairs in it \(2 lines: blank\)"),
        (b"a\tb\nno tab here\n", DataFormatError, "line 2: expected English<TAB>French"),
        (b"a\tb\n\xe9\tb\n", DataFormatError, "line 2: not UTF-8 at byte 0 of the line"),
    ],
)
def test_empty_files_lines_without_tab_and_bad_utf_8(
    tmp_path: Path, content: bytes, error: type[DataError], message: str
) -> None:
    path = written(tmp_path / "pairs.txt", content)
    with pytest.raises(error, match=message) as caught:
        read_pairs(path)
    assert str(caught.value).startswith(str(path))
    assert isinstance(caught.value, ValueError)


def test_a_folder_and_a_damaged_zip(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_pairs(tmp_path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("fra.txt", "I am.\tJe suis.\n" * 9)
    content = bytearray(buffer.getvalue())
    content[45] ^= 0xFF
    with pytest.raises(DataError, match=r"x\.zip: cannot be read: Bad CRC-32"):
        read_pairs(written(tmp_path / "x.zip", bytes(content)))
