"""Vocabularies: ids, files and their errors."""

import pytest

from s2s_export.errors import UnknownWordError, VocabularyError
from s2s_export.text.vocabulary import EOS, SOS, UNK, Vocabulary


def test_ids_follow_the_order_of_the_words_after_sos_and_eos() -> None:
    vocabulary = Vocabulary(["je", "suis", "ici"])
    assert (SOS, EOS) == (0, 1)
    assert len(vocabulary) == 5
    assert vocabulary.encode(["ici", "je"]) == [4, 2, EOS]
    assert vocabulary.decode([4, 2]) == ["ici", "je"]


def test_all_unknown_words_are_listed_once() -> None:
    vocabulary = Vocabulary(["je", "suis"])
    with pytest.raises(UnknownWordError, match=r"unknown words: 'un', 'glop'; .* on them") as error:
        vocabulary.encode(["je", "un", "suis", "glop", "un"])
    assert error.value.words == ("un", "glop")
    with pytest.raises(UnknownWordError, match=r"unknown word: 'un'; .* on it"):
        vocabulary.encode(["un"])


def test_unknown_words_become_unk_where_there_is_one() -> None:
    vocabulary = Vocabulary(["je", "suis"], unk=True)
    assert (UNK, vocabulary.unk, Vocabulary([]).unk) == (2, 2, None)
    assert len(vocabulary) == 5
    assert vocabulary.encode(["je", "un", "suis"]) == [3, UNK, 4, EOS]
    assert vocabulary.unknown(["un", "je", "glop", "un"]) == ("un", "glop")
    assert vocabulary.decode([3, UNK]) == ["je", "<unk>"]


def test_unknown_words_are_replaced_by_a_related_form() -> None:
    vocabulary = Vocabulary(["je", "joueur", "joueurs"], unk=True)
    assert vocabulary.encode(["joueuse", "joueurs", "glop"]) == [4, 5, UNK, EOS]
    assert vocabulary.unknown(["joueuse", "joueurs", "glop"]) == ("joueuse", "glop")
    assert (vocabulary.substitute("joueur"), vocabulary.substitute("je")) == (5, UNK)
    with pytest.raises(UnknownWordError):
        Vocabulary(["joueur"]).encode(["joueuse"])


def test_words_spelled_like_control_tokens_are_ordinary_words() -> None:
    vocabulary = Vocabulary(["sos", "eos"])
    assert vocabulary.encode(["sos", "eos"]) == [2, 3, EOS]
    with pytest.raises(UnknownWordError):
        vocabulary.encode(["<sos>"])
    assert Vocabulary(["<unk>"], unk=True).encode(["<unk>", "<eos>"]) == [3, UNK, EOS]


def test_bytes_round_trip() -> None:
    vocabulary = Vocabulary(["été", "je"])
    assert vocabulary.to_bytes() == "<sos>\n<eos>\nété\nje\n".encode()
    assert Vocabulary.from_bytes(vocabulary.to_bytes(), "x").words == ("été", "je")
    with_unk = Vocabulary(["été"], unk=True)
    assert with_unk.to_bytes() == "<sos>\n<eos>\n<unk>\nété\n".encode()
    assert Vocabulary.from_bytes(with_unk.to_bytes(), "x", unk=True).words == ("été",)
    assert Vocabulary.from_bytes(with_unk.to_bytes(), "x").words == ("<unk>", "été")
    with pytest.raises(VocabularyError, match="<sos> and <eos> and <unk> first"):
        Vocabulary.from_bytes(vocabulary.to_bytes(), "x", unk=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "one token a line"),
        (b"<sos>\n<eos>\nje", "line feed"),
        (b"<eos>\n<sos>\nje\n", "<sos> and <eos> first"),
        (b"<sos>\n<eos>\nje\nje\n", "'je' stands in the vocabulary twice"),
        (b"<sos>\n<eos>\n\nje\n", "'' is not a word"),
        (b"<sos>\n<eos>\nje suis\n", "'je suis' is not a word"),
        (b"<sos>\r\n<eos>\r\nje\r\n", "line feed"),
        (b"<sos>\n<eos>\n\xe9t\xe9\n", "not UTF-8 at byte 12"),
    ],
)
def test_bad_vocabulary_files_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(VocabularyError, match=message) as error:
        Vocabulary.from_bytes(content, "source.vocab")
    assert str(error.value).startswith("source.vocab: ")
