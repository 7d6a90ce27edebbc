"""``python -m s2s_export`` with prefixes, masks, copied words and a lexicon."""

import io
import json
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export import __main__ as command_line

Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, folder: Path, *arguments: str) -> tuple[int, list[str], str]:
    code = command_line.main(["--model", str(folder), *arguments])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def test_a_prefix_begins_every_line(
    tiny_3: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["J'ai froid.", "Je suis en retard.", "J'ai faim."]
    stdin = io.TextIOWrapper(io.BytesIO("\n".join(texts).encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    code, lines, err = run(capsys, tiny_3, "--prefix", "she is")
    assert (code, err, len(lines)) == (0, "", 3)
    assert lines == [Translator(tiny_3).translate(text, prefix="she is") for text in texts]
    assert all(line.startswith("she is") for line in lines)


def test_a_wrong_prefix_is_told_once(tiny_3: Path, capsys: Captured) -> None:
    code, lines, err = run(capsys, tiny_3, "--prefix", "glop", "J'ai froid.", "J'ai faim.")
    assert (code, lines) == (1, [])
    assert err.startswith("error: prefix: unknown word: 'glop'; ")
    assert err.count("\n") == 1


def test_masks_of_the_command_are_those_of_the_translator(tiny_3: Path, capsys: Captured) -> None:
    text = "Je suis en retard."
    arguments = ["--min-length", "6", "--suppress", "late", "--suppress", "i'm", text]
    arguments += ["--no-repeat-ngram", "2"]
    code, [line], _ = run(capsys, tiny_3, *arguments)
    translator = Translator(tiny_3)
    expected = translator.translate(text, min_length=6, suppress=["late", "i'm"], no_repeat_ngram=2)
    assert (code, line) == (0, expected)
    assert expected != translator.translate(text)
    assert len(expected.split()) >= 5


def test_copied_words_are_written(tiny_3: Path, capsys: Captured) -> None:
    text = "Elle est glop."
    code, [line], _ = run(capsys, tiny_3, "--copy-unknown", "--json", text)
    found = json.loads(line)
    [expected] = Translator(tiny_3).translate_batch([text], copy_unknown=True)
    assert (code, found["text"], found["tokens"]) == (0, expected.text, [*expected.tokens])
    assert "glop" in found["tokens"]


def test_a_lexicon_answers_and_json_shows_the_origin(
    tiny_3: Path, capsys: Captured, tmp_path: Path
) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("glop glip\tGLOP\n", encoding="utf-8")
    arguments = ("--lexicon", str(path), "Glop glip", "J'ai froid.")
    assert run(capsys, tiny_3, *arguments) == (0, ["GLOP", "i'm cold ."], "")
    code, lines, _ = run(capsys, tiny_3, "--json", *arguments)
    first, second = map(json.loads, lines)
    assert (code, first["origin"], second["origin"]) == (0, "lexicon", "model")
    assert (first["text"], first["log_probs"], first["score"]) == ("GLOP", [], 0.0)
    assert first["alternatives"][0]["text"] == "GLOP"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--lexicon", "gone.tsv"], 4, "error: gone.tsv: cannot be read: No such file"),
        (["--lexicon", "bad.tsv"], 4, "error: bad.tsv, line 2: expected a text, a tab and its"),
        (["--suppress", "<eos>"], 2, "error: suppress: <eos> ends a sentence"),
        (["--min-length", "99"], 2, "error: min_length: expected at most max_length, 6"),
        (["--copy-unknown", "--unknown-words", "skip"], 2, "error: copy_unknown: expected unknown"),
    ],
)
def test_faults_are_one_line_and_an_exit_code(
    arguments: list[str],
    code: int,
    message: str,
    tiny_3: Path,
    capsys: Captured,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.tsv").write_text("un\tone\ndeux\n", encoding="utf-8")
    found, lines, err = run(capsys, tiny_3, *arguments, "J'ai froid.")
    assert (found, lines) == (code, [])
    assert err.startswith(message)
    assert err.count("\n") == 1


@pytest.mark.parametrize("option", ["--min-length", "--no-repeat-ngram"])
def test_a_negative_number_is_wrong_usage(option: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as raised:
        command_line.main([option, "-1", "x"])
    assert raised.value.code == 2
    assert f"argument {option}: invalid number value: '-1'" in capsys.readouterr().err
