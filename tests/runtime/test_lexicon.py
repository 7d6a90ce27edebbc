"""Lexicon: translations that come before the model's, from a mapping and from a file."""

import pickle
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.errors import DataFormatError, DataNotFoundError, OptionError
from s2s_export.text.lexicon import Lexicon
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import Vocabulary

ENTRIES = {"J'ai froid.": "Brr!", "Glop glip": "GLOP"}
TEXTS = ["J’AI   froid .", "Je suis en retard.", "glop glip", "", "j'ai froid"]


@pytest.fixture(scope="module", params=["tiny_3", "tiny_natural", "tiny_unk"])
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture(scope="module")
def words(tiny_3: Path) -> Translator:
    return Translator(tiny_3, lexicon=ENTRIES)


def test_texts_of_the_lexicon_are_answered_from_it(tiny_3: Path, words: Translator) -> None:
    """Looked up as the tokenizer reads them, then exactly: a missing full stop is another text."""
    model = Translator(tiny_3)
    for beam_size in (1, 3):
        found = words.translate_batch(TEXTS, beam_size=beam_size, n_best=beam_size)
        own = model.translate_batch(TEXTS, beam_size=beam_size, n_best=beam_size)
        assert [one.origin for one in found] == ["lexicon", "model", "lexicon", "model", "model"]
        assert [one.text for one in found[::2]] == ["Brr!", "GLOP", own[4].text]
        # Batches of other sizes round otherwise, and so these two are compared by their tokens.
        assert [one.tokens for one in found[1::2]] == [one.tokens for one in own[1::2]]
        answered = found[2]
        assert (answered.tokens, answered.log_probs, answered.score) == (("glop",), (), 0.0)
        assert (answered.finished, answered.unknown_words) == (True, ("glop", "glip"))
        assert [one.text for one in answered.alternatives] == ["GLOP"]
        streamed = words.translate_iter(
            TEXTS, batch_size=2, beam_size=beam_size, n_best=beam_size, attention=True
        )
        assert [(o.text, o.origin) for o in streamed] == [(o.text, o.origin) for o in found]
        assert [words.translate(t, beam_size=beam_size) for t in TEXTS] == [o.text for o in found]
    assert [*words.stream("glop glip")] == ["GLOP"]


def test_every_text_mode_looks_up_in_its_own_way(folder: Path) -> None:
    translator = Translator(folder, lexicon={"J'ai froid.": "Brr!"})
    [same, spaced, upper] = translator.translate_batch(
        ["J'ai froid.", " J'ai\nfroid. ", "J'AI FROID."]
    )
    assert same.text == spaced.text == "Brr!"
    exact = translator.source.mode.exact and not translator.source.mode.folds_case
    assert (upper.origin == "model") is exact


def test_the_lexicon_comes_before_the_rule_for_unknown_words(tiny_3: Path) -> None:
    translator = Translator(tiny_3, lexicon=ENTRIES, unknown_words="error")
    assert translator.translate("glop glip") == "GLOP"
    long = Translator(tiny_3, lexicon={"je " * 30: "long"})
    assert long.translate("je " * 30) == "long"


def test_a_text_with_a_prefix_is_the_models(words: Translator) -> None:
    found = words.translate_batch(["J'ai froid."] * 3, prefix=["he is", None, " "])
    assert [one.origin for one in found] == ["model", "lexicon", "lexicon"]
    assert found[0].text.startswith("he is")


def test_a_translator_with_a_lexicon_pickles(
    tiny_3: Path, words: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.tsv").write_text("glop glip\tGLOP\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    of_file = pickle.dumps(Translator(tiny_3, lexicon="words.tsv"))
    entries = dict(ENTRIES)
    of_mapping = Translator(tiny_3, lexicon=entries)
    entries.clear()
    monkeypatch.chdir("/")
    for pickled in (of_file, pickle.dumps(of_mapping), pickle.dumps(words)):
        again = pickle.loads(pickled)
        assert type(again) is Translator
        assert again.translate("glop glip") == "GLOP"


def tokenizer(mode: str = "unicode") -> Tokenizer:
    return Tokenizer(text_mode(mode), Vocabulary(["x"], unk=True), max_length=9)


def test_a_file_may_have_a_mark_windows_lines_and_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.tsv"
    path.write_bytes("\ufeffun\tone\r\n\r\n \t \ndeux \t two words \nun\tone".encode())
    lexicon = Lexicon.of(path, tokenizer())
    assert len(lexicon) == 2
    assert [lexicon.find([word]) for word in ("un", "deux", "trois")] == ["one", "two words", None]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"un\tone\ndeux\n", "line 2: expected a text, a tab and its translation, found 1 column$"),
        (b"un\tone\ta\n", "line 1: expected a text, a tab and its translation, found 3 columns"),
        (b"\nun\t \n", "line 2: expected a translation, found ' '"),
        (b"\tone\n", "line 1: the model's tokenizer leaves nothing of the text"),
        ("un\tone\n😀\tsmile\n".encode(), "line 2: the model's tokenizer leaves nothing"),
        (b"un\tone\nd\xe9\ttwo\n", "line 2: not UTF-8 at byte 1"),
        (b"un\tone\nUN\ttwo\n", "line 2: 'UN' has the translation 'one' already: keep one"),
        (b"x" * 20_000 + b"\tone\n", "line 1: the text has 20000 characters"),
    ],
)
def test_a_wrong_line_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "lexicon.tsv"
    path.write_bytes(content)
    with pytest.raises(DataFormatError, match=r"lexicon\.tsv, " + message):
        Lexicon.of(path, tokenizer())


def test_a_file_that_is_not_there(tiny_3: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "gone.tsv", tmp_path):
        with pytest.raises(DataNotFoundError, match="cannot be read: "):
            Translator(tiny_3, lexicon=path)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("un", "one")], "lexicon: expected a mapping .* or the path of a TSV file, found list"),
        ({3: "one"}, "lexicon: 3: expected a str, found int"),
        ({"un": 1}, "lexicon: 'un': expected a translation, found 1"),
        ({"un": ""}, "lexicon: 'un': expected a translation, found ''"),
        ({"un": "one", "UN ": "two"}, "lexicon: 'UN ': 'UN ' has the translation 'one' already"),
    ],
)
def test_a_wrong_mapping_is_an_error(entries: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Lexicon.of(entries, tokenizer())  # type: ignore[arg-type]


def test_an_empty_lexicon_answers_nothing(tiny_3: Path) -> None:
    assert Translator(tiny_3, lexicon={}).translate("J'ai froid.") == "i'm cold ."
