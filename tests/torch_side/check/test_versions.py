"""Rules for versions, against ONNX Runtime itself where it is installed."""

import onnx
import pytest

from s2s_export.check.report import report_of
from s2s_export.check.rules import versions
from s2s_export.check.rules.versions import installed_runtime, oldest_runtime
from s2s_export.check.subject import Runtime

from .graphs import encoder_step, numbers, run


def at(opset: int, ir_version: int) -> onnx.ModelProto:
    made = encoder_step()
    made.opset_import[0].version, made.ir_version = opset, ir_version
    return made


def found(made: onnx.ModelProto, runtime: Runtime | None) -> list[tuple[str, str]]:
    report = report_of(made.SerializeToString(), "x.onnx", None, runtime)
    return [(f.severity, f.found) for f in report.findings if f.rule == "runtime-version"]


@pytest.mark.parametrize(
    ("ir_version", "opset", "oldest"),
    [
        (10, 20, "1.18"),
        (9, 20, "1.17"),
        (8, 17, "1.12"),
        (7, 13, "1.6"),
        (3, 7, "0.1"),
        (4, 7, "0.4"),
        (13, 20, "1.24"),
        (12, 20, "1.24"),
        (8, 28, "1.32"),
        (10, None, "1.18"),
        (99, 20, None),
        (8, 99, None),
    ],
)
def test_the_oldest_onnx_runtime(ir_version: int, opset: int | None, oldest: str | None) -> None:
    assert oldest_runtime(ir_version, opset) == oldest


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.18.1", []),
        ("1.100.0", []),
        ("2.0", []),
        (
            "1.17.3",
            [
                (
                    "error",
                    "opset 20, IR version 10: it needs 1.18, installed is onnxruntime 1.17.3",
                )
            ],
        ),
    ],
)
def test_an_old_runtime_is_an_error(version: str, expected: list[tuple[str, str]]) -> None:
    assert found(at(20, 10), Runtime("onnxruntime", version)) == expected


def test_no_runtime_is_a_note() -> None:
    text = "opset 20, IR version 10: it needs 1.18; none is installed"
    assert found(at(20, 10), None) == [("note", text)]
    text = "opset 99, IR version 10: newer than 1.32 reads; none is installed"
    assert found(at(99, 10), None) == [("note", text)]


def test_versions_newer_than_the_table() -> None:
    """A release that the table does not know may read them; one that it knows does not."""
    text = "opset 99, IR version 10: newer than this check knows"
    assert found(at(99, 10), Runtime("onnxruntime", "1.33.0")) == [("note", text)]
    text = "opset 99, IR version 10: onnxruntime-gpu 1.32.0 is too old"
    assert found(at(99, 10), Runtime("onnxruntime-gpu", "1.32.0")) == [("error", text)]


def loads(opset: int, ir_version: int) -> bool:
    tokens = numbers(2, 1).astype("int64") * 0
    try:
        run(at(opset, ir_version), tokens=tokens, hidden=numbers(1, 1, 4))
    except Exception as error:  # all of ONNX Runtime's derive straight from it
        if "opset" in str(error) or "IR version" in str(error):
            return False
        raise
    return True


@pytest.mark.parametrize("opset", range(7, 29))
def test_the_installed_onnx_runtime_reads_the_opsets_of_the_table(opset: int) -> None:
    """Of versions 1 to 13 of Unsqueeze and the like there is none in this graph."""
    runtime = installed_runtime()
    assert runtime is not None
    if versions._number(runtime.version) > versions._number(versions.NEWEST_KNOWN):
        pytest.skip("a release newer than the table")
    assert loads(opset, 8) == (found(at(opset, 8), runtime) == [])


@pytest.mark.parametrize("ir_version", range(3, 16))
def test_the_installed_onnx_runtime_reads_the_ir_versions_of_the_table(ir_version: int) -> None:
    runtime = installed_runtime()
    assert runtime is not None
    if versions._number(runtime.version) > versions._number(versions.NEWEST_KNOWN):
        pytest.skip("a release newer than the table")
    made = at(17, ir_version)
    if ir_version == 3:
        for tensor in made.graph.initializer:
            kind = onnx.helper.make_tensor_value_info(tensor.name, 1, [*tensor.dims])
            made.graph.input.append(kind)
    assert loads(17, ir_version) == (found(made, runtime) == [])
