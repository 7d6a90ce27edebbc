"""The model card: its front matter parses, and it says what the manifest has."""

import contextlib
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s2s_export.folder.manifest import Manifest
from s2s_export.folder.reader import ExportedFolder
from s2s_export.folder.sources.directory import DirectoryFiles
from s2s_export.hub.card import CardOptions, card
from s2s_export.push import push

from .stand_in import StandIn, allow_large_uploads

NAME = "user/model"
SHIPPED = Path(__file__).parents[3] / "exported"

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed (the extra hub)")


def manifest_of(folder: Path) -> Manifest:
    return ExportedFolder(DirectoryFiles(folder)).manifest


def parsed(text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter and the rest of a card."""
    import yaml

    _, header, body = text.split("---\n", 2)
    return yaml.safe_load(header), body


def named(manifest: Manifest, source: str, target: str) -> Manifest:
    return replace(
        manifest,
        source=replace(manifest.source, language=source),
        target=replace(manifest.target, language=target),
    )


def test_front_matter(tiny_3: Path) -> None:
    header, _ = parsed(card(manifest_of(tiny_3), NAME, CardOptions("cc-by-2.0")))
    assert header == {
        "language": ["fr", "en"],
        "library_name": "s2s_export",
        "license": "cc-by-2.0",
        "pipeline_tag": "translation",
        "tags": ["onnx", "seq2seq", "rnn", "int8"],
    }


def test_no_license_is_invented(tiny: Path) -> None:
    header, _ = parsed(card(manifest_of(tiny), NAME, CardOptions()))
    assert "license" not in header
    assert header["tags"] == ["onnx", "seq2seq", "rnn"]


@pytest.mark.parametrize(
    ("languages", "codes", "task"),
    [
        (("fra", "eng"), ["fr", "en"], "translation"),
        (("fre", "EN"), ["fr", "en"], "translation"),
        (("eng", "phones"), ["en"], "text2text-generation"),
        (("eng", "eng"), ["en"], "text2text-generation"),
        (("source", "iso"), None, "text2text-generation"),
    ],
)
def test_languages(
    languages: tuple[str, str], codes: list[str] | None, task: str, tiny: Path
) -> None:
    text = card(named(manifest_of(tiny), *languages), NAME, CardOptions())
    header, body = parsed(text)
    assert header.get("language") == codes
    assert header["pipeline_tag"] == task
    assert f"| language | {languages[0]} | {languages[1]} |" in body


def test_languages_that_the_user_gives(tiny: Path) -> None:
    manifest = named(manifest_of(tiny), "cebuano", "english")
    header, _ = parsed(card(manifest, NAME, CardOptions(languages=("ceb", "en"))))
    assert header["language"] == ["ceb", "en"]
    assert header["pipeline_tag"] == "translation"


def test_metrics_and_attribution_of_the_shipped_model() -> None:
    manifest = manifest_of(SHIPPED)
    header, body = parsed(card(manifest, NAME, CardOptions()))
    [model] = header["model-index"]
    assert model["name"] == "model"
    found = {
        (result["dataset"]["name"], metric["type"]): metric["value"]
        for result in model["results"]
        for metric in result["metrics"]
    }
    recorded = manifest.metrics["known words"]
    assert found == {
        ("fra-eng.zip, held out: known words", name): recorded[key]
        for name, key in {
            "bleu": "bleu",
            "chrf": "chrf",
            "exact_match": "exact",
            "token_error_rate": "token_error_rate",
        }.items()
    }
    assert "| known words | 51.94 | 65.3 | 0.2957 | 2837 | 0.3617 |" in body
    assert "- `attribution`: www.manythings.org/anki and tatoeba.org, CC BY 2.0" in body
    files = ["encoder.int8.onnx", "decoder.int8.onnx"]
    files += ["source.vocab", "source.merges", "target.vocab", "target.merges"]
    size = sum((SHIPPED / name).stat().st_size for name in files)
    assert f"| `int8` | {size / 1e6:.2f} | fp32's for 5,306 of 5,667 sentences; BLEU 52.4, " in body


def test_parity_and_limits(tiny_3: Path) -> None:
    _, body = parsed(card(manifest_of(tiny_3), NAME, CardOptions()))
    assert "| ONNX Runtime (cpu) | 26 | 26 | 0 | 3.8e-06 |  |" in body
    assert "| TorchScript | 26 | 26 | 0 | 0.0e+00 |  |" in body
    assert "The manifest has 8 golden sentences" in body
    assert "- A text has at most 10 tokens, a translation 6, as in training." in body
    assert "## Metrics" not in body


def test_texts_of_the_manifest_stay_in_their_place(tiny_3: Path) -> None:
    """Markdown, YAML and Python in names and sentences are shown and not read."""
    manifest = manifest_of(tiny_3)
    golden = replace(manifest.golden[0], source='a "b" \\ ``` \n c', target="'d'\u2028e")
    nasty = "x |<b>`y`\n# z: [k](l) --- '\"\x07"
    manifest = replace(
        named(manifest, nasty, nasty),
        golden=(golden,),
        training={"data": nasty, "seed": 0},
        metrics={nasty: {"bleu": 1.0, "own": 2}},
    )
    header, body = parsed(card(manifest, NAME, CardOptions()))
    assert header["model-index"][0]["results"][0]["dataset"]["type"] == nasty
    assert r"| language | x \|\<b\>\`y\` \# z: \[k\](l) --- '\"" in body.replace('"', r"\"")
    assert "- `seed`: 0" in body
    [code] = re.findall(r"```python\n(.*?)\n```", body, flags=re.DOTALL)
    calls: list[str] = []

    class Translator:
        @classmethod
        def from_pretrained(cls, name: str) -> "Translator":
            assert name == NAME
            return cls()

        def translate(self, text: str) -> None:
            calls.append(text)

    with contextlib.redirect_stdout(io.StringIO()):
        exec(code.replace("from s2s_export import Translator", ""), {"Translator": Translator})
    assert calls == [golden.source]


@allow_large_uploads
def test_the_example_runs(
    tiny_3: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    hub: StandIn,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    push(tiny_3, NAME)
    text = hub.repositories[NAME].files()["README.md"].decode()
    [code] = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    exec(compile(code, "card", "exec"), {})
    [promised] = re.findall(r'  # "(.*)"$', code, flags=re.MULTILINE)
    assert capsys.readouterr().out == f"{promised}\n"
