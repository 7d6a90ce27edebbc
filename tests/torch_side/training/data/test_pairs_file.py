"""Reading pairs from files, and the errors for bad ones."""

import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from s2s_export.errors import DataError, DataFormatError, DataNotFoundError
from training.data.pairs_file import LONGEST_LINE, RawPairs, read_pairs, read_parallel

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


FOUR = "1\tI am.\t7\tJe suis.\n2\tHe is.\t8\tIl est.\n"


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("cr.tsv", "I am.\tJe suis.\rHe is.\tIl est.\r", {}),
        ("utf16.tsv", "I am.\tJe suis.\nHe is.\tIl est.\n".encode("utf-16"), {}),
        ("four.tsv", FOUR, {"columns": ("4", "2")}),
        ("names.tsv", "en\tfr\nI am.\tJe suis.\nHe is.\tIl est.\n", {"columns": ("fr", "en")}),
        ("header.tsv", "target\tsource\nI am.\tJe suis.\nHe is.\tIl est.\n", {"header": True}),
        ("quotes.csv", 'I am.,"Je suis."\n"He is.","Il est."\n', {}),
        (
            "x.jsonl",
            '{"fr": "Je suis.", "en": "I am."}\n{"en": "He is.", "fr": "Il est."}\n',
            {"columns": ("fr", "en")},
        ),
    ],
)
def test_files_as_people_have_them(
    tmp_path: Path, name: str, content: str | bytes, options: dict[str, Any]
) -> None:
    raw = read_pairs(written(tmp_path / name, content), **options)
    assert raw.pairs == PAIRS
    assert raw.notes == []


def test_quotes_and_line_ends_in_a_csv_cell(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", '"He said ""no"".","Il dit ""non"",\nEve."\n')
    assert read_pairs(path).pairs == [('Il dit "non",\nEve.', 'He said "no".')]


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("four.tsv", FOUR, {}, "line 1: 4 columns, and a number .* --columns 4 2"),
        ("x.tsv", "a\tb\n", {"columns": ("fr", "en")}, "no column 'fr', 'en'; .* 'a', 'b'"),
        ("x.tsv", "a\tb\n", {"columns": ("1", "3")}, "line 1: expected 3 columns, found 2"),
        ("x.tsv", "a\tb\n", {"columns": ("0", "1")}, "numbers begin at 1"),
        ("x.csv", 'a,"b\n', {}, "line 1: unexpected end of data"),
        ("x.jsonl", '{"a": "b", "c": "d"}\n', {}, "give --columns SOURCE TARGET out of 'a', 'c'"),
        ("x.jsonl", "[1]\n", {"columns": ("a", "c")}, "expected an object"),
        ("x.jsonl", "{\n", {"columns": ("a", "c")}, "line 1: not JSON"),
    ],
)
def test_files_that_cannot_be_read_as_asked(
    tmp_path: Path, name: str, content: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_pairs(written(tmp_path / name, content), **options)


def test_a_header_and_a_numeric_column_are_told(tmp_path: Path) -> None:
    raw = read_pairs(written(tmp_path / "x.tsv", "source\ttarget\na\tb\n"))
    assert raw.notes == ["line 1 looks like a header; --header leaves it out"]
    [note] = read_pairs(written(tmp_path / "y.tsv", "13\tthirteen\n3\tthree\n")).notes
    assert note == "the target is a number in 2 of 2 pairs; see --columns"


def test_parallel_files(tmp_path: Path) -> None:
    source = written(tmp_path / "fr.txt", "Je suis.\nIl est.\n")
    target = written(tmp_path / "en.txt", "I am.\nHe is.\n")
    assert read_parallel(source, target).pairs == PAIRS
    with pytest.raises(DataError, match=r"ends at line 2, .*en\.txt at line 1"):
        read_parallel(source, written(target, "I am.\n"))
    with pytest.raises(DataNotFoundError, match=r"gone\.txt"):
        read_parallel(source, tmp_path / "gone.txt")
