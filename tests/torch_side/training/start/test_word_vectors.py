"""Files of word vectors: their formats, what is looked up, and lines that are no vector."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from s2s_export.errors import DataError, DataNotFoundError
from s2s_export.text.modes import text_mode
from s2s_export.text.vocabulary import Vocabulary
from training.start.word_vectors import Vector, read_vectors, vector_size, words_to_look_up

ROWS = ["the 0.5 1 -2", "chat 1e-1 2.0 3", "Paris 4 5 6", "paris 7 8 9"]
GLOVE = "\n".join(ROWS) + "\n"
WORD2VEC = f"4 3\n{GLOVE}"
FASTTEXT = WORD2VEC.replace("\n", " \n").replace("4 3 \n", "4 3\n")
WORDS = {3: "chat", 5: "the", 6: "absent"}


def written(folder: Path, content: str | bytes, name: str = "x.vec") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("content", [GLOVE, WORD2VEC, FASTTEXT, WORD2VEC.replace(" ", "\t")])
def test_formats(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, content)
    assert vector_size(path) == 3
    vectors = read_vectors(path, WORDS)
    assert vectors.ids == (3, 5)
    assert vectors.values.dtype == np.float32
    np.testing.assert_allclose(vectors.values, [[0.1, 2, 3], [0.5, 1, -2]], rtol=1e-6)


@pytest.mark.parametrize("packing", ["gz", "zip"])
def test_compressed_files(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"x.vec.{packing}"
    if packing == "gz":
        path.write_bytes(gzip.compress(WORD2VEC.encode()))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("wiki-news.vec", WORD2VEC)
    assert vector_size(path) == 3
    assert read_vectors(path, WORDS).ids == (3, 5)


def test_exact_spelling_comes_before_lower_case(tmp_path: Path) -> None:
    words = {3: "Paris", 4: "THE", 5: "Chat", 6: "PARIS"}
    vectors = read_vectors(written(tmp_path, GLOVE), words)
    assert vectors.ids == (3, 4, 5, 6)
    assert vectors.values[:, 0].tolist() == pytest.approx([4, 0.5, 0.1, 7])


def test_the_first_vector_of_a_repeated_word_counts(tmp_path: Path) -> None:
    path = written(tmp_path, f"{GLOVE}the 9 9 9\n")
    assert read_vectors(path, {3: "the"}).values.tolist() == [[0.5, 1, -2]]


def test_words_with_spaces_and_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    """GloVe 840B has the first, fastText the second."""
    content = GLOVE.encode() + b". . . 1 1 1\n\xff\xfe 2 2 2\nname@domain.com 3 3 3\n\nend 4 4 4\n"
    words = {3: ". . .", 4: "end", 5: "."}
    vectors = read_vectors(written(tmp_path, content), words)
    assert (vectors.ids, vectors.values.tolist()) == ((3, 4), [[1, 1, 1], [4, 4, 4]])


def test_no_word_found(tmp_path: Path) -> None:
    vectors = read_vectors(written(tmp_path, GLOVE), {3: "absent"})
    assert (vectors.ids, vectors.values.shape) == ((), (0, 3))


def test_lines_are_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a thousand lines, the two needed ones are turned into numbers, and the first one."""
    rows = "".join(f"word{n} {n} {n}\n" for n in range(1000))
    turned: list[int] = []

    def floats(_name: str, number: int, _numbers: bytes) -> Vector:
        turned.append(number)
        return np.full(2, number, np.float32)

    monkeypatch.setattr("training.start.word_vectors._floats", floats)
    vectors = read_vectors(written(tmp_path, rows), {3: "word7", 4: "word900"})
    assert turned == [1, 8, 901]
    assert vectors.values.tolist() == [[8, 8], [901, 901]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1: expected a word and its vector of several numbers, found no numbers"),
        ("4 3\n", "line 2: expected a word and its vector of 3 numbers, found no numbers"),
        ("word\n", "line 1: expected a word and its vector of several numbers, found 0 numbers"),
        ("a 1 2 3\nb 1 2\n", "line 2: expected a word and its vector of 3 numbers, found 2 numb"),
        ("1 3\nb 1 2\n", "line 2: expected a word and its vector of 3 numbers, found 2 numbers"),
        ("a 1 2\n\nthe 1 x\n", "line 3: expected a number, found 'x'"),
        ("a 1 2\nthe 1 nan\n", "line 2: expected a number, found 'nan'"),
        (
            "a 1 2\nthe 1  2\n",
            "line 2: expected a word and its vector of 2 numbers, found 3 numbers",
        ),
        (
            "1 2\nthe 1 2 3\n",
            "line 2: expected a word and its vector of 2 numbers, found 3 numbers",
        ),
        ("Je suis ici.\tI am here.\n", "line 1: expected a number, found 'suis'"),
        (f"a 1 2\nb {'1' * 70_000}\n", "line 2: longer than 65536 bytes, so it is no word vector"),
        (b"2 3\nthe \x00\x01\x02\x03\n\x05\x06", "line 2: expected a word and its vector of 3 num"),
    ],
)
def test_malformed_files(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataError) as error:
        read_vectors(path, {3: "the"})
    assert str(error.value).startswith(f"{path}, {message}")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"gone\.vec: no such data file"):
        vector_size(tmp_path / "gone.vec")
    cut = written(tmp_path, gzip.compress(GLOVE.encode() * 1000)[:-20], "cut.vec.gz")
    with pytest.raises(DataError, match=r"cut\.vec\.gz: cannot be read: Compressed file ended"):
        read_vectors(cut, WORDS)


def test_natural_tokens_are_looked_up_without_their_space() -> None:
    words = [" chat", " Paris", "tion", ".", " ", "9", " le", "'"]
    vocabulary = Vocabulary(words, unk=True)
    mode = text_mode("natural", fold_case=True)
    assert words_to_look_up(vocabulary, mode) == {3: "chat", 4: "Paris", 6: ".", 9: "le", 10: "'"}
    plain = Vocabulary(["tion", "."])
    assert words_to_look_up(plain, text_mode("unicode")) == {2: "tion", 3: "."}
