"""The examples of the documentation, run as they stand."""

import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "use-in-your-app.md"
EXPECTED = {
    "A script": "i'm late .  (score -0.",
    "Several translations": "-0.",
    "Beginnings": "we're ",
    "Scores of given translations": "-0.",
    "Words that are not said": "i'm ",
    "Names and numbers": "she is ",
    "Your own translations first": "lexicon Yippee!\nmodel i'm late .\n",
    "From memory, a zip or a package": "i'm late .\n",
    "A thread pool": "300 i'm late .\n",
    "A data pipeline": "i'm cold .,-0.",
    "Token by token": "they're making dinner .\n",
    "Where the model looked": "i'm <- ",
}


def examples() -> dict[str, str]:
    """Return the code of each section that has some, by the section's title."""
    sections = re.split(r"^## ", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for section in sections:
        code = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
        if code:
            [found[section.partition("\n")[0]]] = code
    return found


@pytest.fixture
def app_folder(tiny_attention: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with exports, a package and some data, as the examples expect them."""
    shutil.copytree(tiny_attention, tmp_path / "exported")
    shutil.make_archive(str(tmp_path / "model"), "zip", tmp_path, "exported")
    shutil.copytree(tiny_attention, tmp_path / "my_app" / "model")
    (tmp_path / "my_app" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    rows = "french\nJ'ai froid.\n" + "je " * 20 + "\nJ'ai glop faim.\n"
    (tmp_path / "sentences.csv").write_text(rows, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(title: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(compile(examples()[title], f"{GUIDE.name}: {title}", "exec"), namespace)
    return namespace


def test_every_example_is_run() -> None:
    assert examples().keys() == {*EXPECTED, "A web handler"}


@pytest.mark.usefixtures("app_folder")
@pytest.mark.parametrize("title", EXPECTED)
def test_examples(title: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(title)
    out, err = capsys.readouterr()
    assert out.startswith(EXPECTED[title])
    if title == "A data pipeline":
        assert err.startswith("row 1: the text has 21 tokens")
        assert [line.rpartition(",")[2] for line in out.split()][-1] == "glop"


@pytest.mark.usefixtures("app_folder")
def test_the_web_handler() -> None:
    app = run("A web handler")["app"]
    answers: list[Any] = []
    for text in ("J'ai froid.", "je " * 20):
        body = text.encode()
        environ = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
        [answer] = app(environ, lambda status, headers: answers.append((status, headers)))
        answers.append(json.loads(answer))
    (ok, _), translated, (refused, _), error = answers
    assert (ok, translated) == ("200 OK", {"translation": "i'm cold ."})
    assert refused.startswith("422 ")
    assert "21 tokens" in error["error"]
