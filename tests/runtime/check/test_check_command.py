"""``python -m s2s_export.check`` as people run it, without the onnx package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from s2s_export.check import check

FIXTURES = Path(__file__).parents[2] / "fixtures"
SHIPPED = Path(__file__).parents[3] / "exported"
OWN = sorted([*FIXTURES.glob("*/*.onnx"), *SHIPPED.glob("*.onnx")])


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    process = subprocess.run(
        [sys.executable, "-W", "error", "-m", "s2s_export.check", *arguments],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )
    return process.returncode, process.stdout.decode(), process.stderr.decode()


@pytest.fixture
def other_gru(tiny: Path, tmp_path: Path) -> Path:
    """The committed decoder with ONNX's default GRU instead of PyTorch's."""
    content = (tiny / "decoder.onnx").read_bytes()
    right, wrong = b"linear_before_reset\x18\x01", b"linear_before_reset\x18\x00"
    assert content.count(right) == 2
    path = tmp_path / "decoder.onnx"
    path.write_bytes(content.replace(right, wrong))
    return path


@pytest.mark.parametrize("path", OWN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_graph_of_this_project_has_an_error_or_a_warning(path: Path) -> None:
    report = check(path)
    assert report.count("error") == report.count("warning") == 0
    assert {finding.rule for finding in report.findings} <= {"direction", "loop", "no-recurrence"}
    assert report.oldest_onnxruntime == "1.18"


def test_the_table_comes_first(other_gru: Path) -> None:
    code, out, err = run(str(other_gru))
    assert (code, err) == (3, "")
    table, _, findings = out.partition("\n\n")
    assert table.startswith(
        f"{other_gru}\n  IR version    10\n  opset         20\n  producer      "
    )
    assert "\n  inputs        token int64[B], hidden float32[1, B, 16]\n" in table
    assert "\n  outputs       log_probs float32[B, 36], next_hidden float32[1, B, 16]\n" in table
    assert "\n  recurrent     2 GRU\n" in table
    assert "\n  ONNX Runtime  1.18 or newer; installed: onnxruntime " in table
    assert findings.startswith(
        "  error: gru-variant\n"
        "    GRU 'node_gru__1': linear_before_reset is 0\n"
        "    GRU 'node_gru_1__1': linear_before_reset is 0\n"
        "    Why: PyTorch's GRU multiplies the reset gate in after the linear map"
    )
    assert out.endswith("\n\n  2 errors, 0 warnings, 0 notes\n")


def test_several_files_each_have_a_report(tiny: Path, other_gru: Path) -> None:
    code, out, err = run(str(tiny / "encoder.onnx"), str(other_gru), str(tiny / "decoder.onnx"))
    assert (code, err) == (3, "")
    assert out.count("IR version") == 3
    assert out.count("0 errors, 0 warnings, 0 notes") == 2


def test_notes_alone_exit_with_0_and_warnings_with_strict_3(
    tiny_conditional: Path, tiny: Path, tmp_path: Path
) -> None:
    notes = str(tiny_conditional / "encoder.onnx")
    assert run(notes)[0] == 0
    assert run("--strict", notes)[0] == 0
    content = (tiny / "encoder.onnx").read_bytes()
    warned = tmp_path / "encoder.onnx"
    warned.write_bytes(content + b"\x32\x15" + b"/home/user/seq/run.py")  # a doc_string
    code, out, _ = run(str(warned))
    assert (code, "warning: local-path" in out) == (0, True)
    assert run("--strict", str(warned))[0] == 3


def test_json(other_gru: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").write_bytes(b"")
    code, out, err = run("--json", str(other_gru), str(tmp_path / "empty.onnx"))
    assert code == 3
    document = json.loads(out)
    assert document.keys() == {"passed", "onnxruntime", "files", "unreadable"}
    assert document["passed"] is False
    assert document["onnxruntime"].keys() == {"package", "version"}
    [file] = document["files"]
    assert file.keys() == {
        *("file", "ir_version", "opsets", "producer", "inputs", "outputs", "recurrent"),
        *("oldest_onnxruntime", "findings", "counts"),
    }
    assert file["file"] == str(other_gru)
    assert file["opsets"] == {"ai.onnx": 20}
    assert file["inputs"][0] == {"name": "token", "dtype": "int64", "shape": ["B"]}
    assert file["recurrent"] == {"GRU": 2}
    assert file["counts"] == {"error": 2, "warning": 0, "note": 0}
    for finding in file["findings"]:
        assert finding.keys() == {"rule", "severity", "place", "found", "why", "remedy"}
        assert (finding["rule"], finding["severity"]) == ("gru-variant", "error")
    [unreadable] = document["unreadable"]
    assert unreadable["file"] == str(tmp_path / "empty.onnx")
    assert err == f"error: {unreadable['error']}\n"


def test_json_of_a_sound_file_has_passed(tiny: Path) -> None:
    code, out, err = run("--json", str(tiny / "encoder.onnx"))
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["passed"] is True
    assert document["files"][0]["findings"] == document["unreadable"] == []


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    code, _, err = run("--debug", str(tmp_path / "gone.onnx"))
    assert code == 1
    assert "ArtefactNotFoundError" in err


def test_wrong_usage() -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "the following arguments are required: FILE" in err


def test_a_terminal_of_ascii(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "é.onnx"
    path.write_bytes((tiny / "encoder.onnx").read_bytes())
    code, out, err = run(str(path), PYTHONIOENCODING="ascii")
    assert (code, err) == (0, "")
    assert out.startswith(str(tmp_path))


PROGRAM = """
import sys
for name in ("onnx", "torch", "onnxruntime"):
    sys.modules[name] = None
from s2s_export.check.__main__ import main
try:
    code = main(sys.argv[1:])
finally:
    heavy = {"numpy", "importlib.metadata", "s2s_export.check.report"}
    print(*sorted(heavy & {*sys.modules}), file=sys.stderr)
assert code == 0
"""


def imported(*arguments: str) -> tuple[str, str]:
    """Return stdout, and the heavy modules that were imported."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.strip()


@pytest.mark.parametrize(
    ("option", "shown"),
    [("--help", "Exit codes: 0 no error was found"), ("--version", "s2s-export 0.1.0")],
)
def test_help_imports_neither_numpy_nor_the_rules(option: str, shown: str) -> None:
    out, modules = imported(option)
    assert shown in out
    assert modules == ""


def test_onnx_torch_and_onnxruntime_are_not_imported(tiny: Path) -> None:
    """With None in their place an import would fail."""
    out, modules = imported(str(tiny / "encoder.onnx"))
    assert "installed: onnxruntime" in out
    assert modules.endswith("s2s_export.check.report")


def test_without_onnxruntime_the_report_says_what_is_needed(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s2s_export.check.rules.versions._PACKAGES", ("no-such-package",))
    [finding] = check(tiny / "encoder.onnx").findings
    assert (finding.rule, finding.severity) == ("runtime-version", "note")
    assert finding.found == "opset 20, IR version 10: it needs 1.18; none is installed"
