"""Rules for weights: outside the file, damaged, stored twice."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from s2s_export.check.finding import Finding

from .graphs import HIDDEN, WORDS, decoder_step, encoder_step, findings, report, weight


def outside(location: str) -> onnx.ModelProto:
    made = encoder_step()
    for tensor in made.graph.initializer[:2]:
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
    return made


@pytest.mark.parametrize(
    ("location", "severity", "text"),
    [
        ("there.bin", "warning", "in 'there.bin'"),
        ("gone.bin", "error", "in 'gone.bin', which is not there"),
        ("../there.bin", "error", "in '../there.bin', which ONNX Runtime refuses"),
        ("/there.bin", "error", "in '/there.bin', which ONNX Runtime refuses"),
        (r"C:\there.bin", "error", r"in 'C:\\there.bin', which ONNX Runtime refuses"),
        ("", "error", "in '', which ONNX Runtime refuses"),
    ],
)
def test_weights_outside(tmp_path: Path, location: str, severity: str, text: str) -> None:
    (tmp_path / "there.bin").write_bytes(bytes(1000))
    found = findings(outside(location), tmp_path)
    assert found.keys() == {"external-weights"}
    finding = found["external-weights"]
    assert (finding.severity, finding.place, finding.found) == (severity, "2 weights", text)


def test_weights_outside_of_a_file_in_memory_are_a_warning() -> None:
    assert findings(outside("gone.bin"))["external-weights"].severity == "warning"


def test_an_external_constant_is_found() -> None:
    made = encoder_step()
    tensor = weight("far", 3)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="far.bin")
    made.graph.node.append(helper.make_node("Constant", [], ["far"], "far", value=tensor))
    assert findings(made)["external-weights"].place == "1 weight"


def cut(made: onnx.ModelProto) -> None:
    tensor = made.graph.initializer[0]
    tensor.raw_data = tensor.raw_data[:-4]


def empty(made: onnx.ModelProto) -> None:
    made.graph.initializer[0].ClearField("raw_data")


def reshape(made: onnx.ModelProto) -> None:
    made.graph.initializer[0].dims[0] = WORDS + 1


@pytest.mark.parametrize("damage", [cut, empty, reshape])
def test_a_weight_that_is_not_whole(damage: object) -> None:
    made = encoder_step()
    damage(made)  # type: ignore[operator]
    found = findings(made)["weight-size"]
    assert (found.severity, found.place) == ("error", "weight 'embedding'")
    assert found.found.endswith("float32[7, 3]") or found.found.endswith("float32[8, 3]")


def test_weights_in_a_field_of_their_type_are_whole() -> None:
    made = encoder_step()
    tensor = made.graph.initializer[0]
    numbers = numpy_helper.to_array(tensor)
    tensor.CopyFrom(helper.make_tensor(tensor.name, 1, numbers.shape, numbers.flatten()))
    assert len(tensor.float_data) == numbers.size
    assert report(made).findings == ()


def large(name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(array), name)


def duplicates(*tensors: onnx.TensorProto) -> list[Finding]:
    made = decoder_step()
    made.graph.initializer.extend(tensors)
    return [finding for finding in report(made).findings if finding.rule == "duplicate-weights"]


MATRIX = np.arange(20 * 16, dtype=np.float32).reshape(20, 16)


def test_a_tied_matrix_that_is_stored_twice() -> None:
    [finding] = duplicates(large("embedding_matrix", MATRIX), large("output_matrix", MATRIX))
    assert (finding.severity, finding.place) == ("note", "weight 'output_matrix'")
    assert finding.found == "the same numbers as 'embedding_matrix', 1,280 bytes"


def test_a_tied_matrix_that_is_stored_transposed() -> None:
    """As the output of MatMul wants it."""
    [finding] = duplicates(large("embedding_matrix", MATRIX), large("output_matrix", MATRIX.T))
    assert finding.found == "the transpose of 'embedding_matrix', 1,280 bytes"
    square = np.arange(400, dtype=np.float32).reshape(20, 20)
    [finding] = duplicates(large("one", square), large("other", square.T))
    assert finding.found.startswith("the transpose of 'one'")


def test_what_is_no_double() -> None:
    other = MATRIX.copy()
    other[3, 5] += 1
    assert duplicates(large("one", MATRIX), large("other", other)) == []
    assert duplicates(large("one", MATRIX), large("other", MATRIX.reshape(16, 20))) == []
    assert duplicates(large("one", MATRIX * 0), large("other", MATRIX * 0)) == [], "zeros"
    small = MATRIX[:2, :HIDDEN]
    assert duplicates(large("one", small), large("other", small)) == [], "not worth a word"


def test_a_recurrence_in_float64_is_an_error() -> None:
    made = encoder_step()
    for tensor in made.graph.initializer:
        array = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    found = [finding for finding in report(made).findings if finding.rule == "float64"]
    assert [(f.severity, f.place, f.found) for f in found] == [
        ("error", "GRU 'cell_0'", "a recurrence in float64"),
        ("warning", "4 weights", "float64, 1,032 bytes: 'embedding' and others"),
    ]
