"""docs/check.md: its example is the command's output, its tables have all rules and keys."""

import json
import re
from pathlib import Path

import pytest

from s2s_export.check import check
from s2s_export.check.__main__ import main
from s2s_export.check.report import RULES
from s2s_export.check.rules import versions

DOCS = (Path(__file__).parents[3] / "docs" / "check.md").read_text(encoding="utf-8")


@pytest.fixture
def example(
    tiny: Path, tiny_conditional: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A current folder with the files of the example."""
    (tmp_path / "encoder.onnx").write_bytes((tiny_conditional / "encoder.onnx").read_bytes())
    content = (tiny / "decoder.onnx").read_bytes()
    right, wrong = b"linear_before_reset\x18\x01", b"linear_before_reset\x18\x00"
    (tmp_path / "decoder.onnx").write_bytes(content.replace(right, wrong))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.mark.usefixtures("example")
def test_the_example_is_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    [expected] = re.findall(r"```\n(encoder\.onnx\n.*?)```", DOCS, flags=re.DOTALL)
    assert main(["encoder.onnx", "decoder.onnx"]) == 3
    installed = re.compile(r"installed: .*")
    assert installed.sub("", capsys.readouterr().out) == installed.sub("", expected)


@pytest.mark.usefixtures("example")
def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", DOCS, flags=re.DOTALL)
    exec(compile(code, "check.md", "exec"), {})
    first = "error gru-variant GRU 'node_gru__1' linear_before_reset is 0"
    assert capsys.readouterr().out.splitlines()[0] == first


def test_the_table_has_every_rule_in_order() -> None:
    section = DOCS.partition("## Findings")[2].partition("## Exit codes")[0]
    named = re.findall(r"^\| `([a-z0-9-]+)` \|", section, flags=re.MULTILINE)
    assert named == [rule.name for rule in RULES]


@pytest.mark.usefixtures("example")
def test_the_keys_of_the_json_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json", "decoder.onnx"])
    document = json.loads(capsys.readouterr().out)
    [file] = document["files"]
    section = DOCS.partition("## JSON")[2].partition("## From Python")[0]
    for keys in (document, file, file["findings"][0], file["inputs"][0], document["onnxruntime"]):
        assert all(f"`{key}`" in section for key in keys)


def test_the_versions_are_those_of_the_table() -> None:
    section = DOCS.partition("## Versions of ONNX Runtime")[2].partition("## How far")[0]
    rows = re.findall(r"^\| (\d\.\d+)[^|]* \| (\d+) \| (\d+) \|$", section, flags=re.MULTILINE)
    assert len(rows) == 11
    for release, opset, ir_version in rows:
        number = versions._number(release)
        assert (
            versions._number(versions.oldest_runtime(int(ir_version), int(opset)) or "") <= number
        )
        newer = versions.oldest_runtime(int(ir_version), int(opset) + 1)
        assert newer is None or versions._number(newer) > number


@pytest.mark.usefixtures("example")
def test_a_finding_has_reason_and_remedy() -> None:
    for rule in RULES:
        assert rule.why.endswith(".")
        assert rule.remedy.endswith(".")
    assert check("decoder.onnx").findings[0].why == RULES[0].why
