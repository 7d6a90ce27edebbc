"""Shapes that follow from the inputs: against ONNX's own test cases and its shape inference."""

import warnings
from functools import cache
from typing import Any

import onnx
import pytest
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

from s2s_export.onnx_format.reading import read_model
from s2s_export.onnx_format.scopes import Scope
from s2s_export.onnx_format.shape_rules import RULES
from s2s_export.onnx_format.shapes import Shapes, infer_shapes

from .graphs import constant, decoder_step, encoder_step, model, value


def shapes_of(made: onnx.ModelProto) -> Shapes:
    return infer_shapes(Scope(read_model(made.SerializeToString()).graph))


@cache
def cases() -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, of the test cases
        return [case for case in collect_testcases(None) if case.model is not None]


def with_constants(case: Any) -> onnx.ModelProto:
    """Return a case whose shapes, axes and ends are constants and no inputs, as exporters write."""
    made = onnx.ModelProto()
    made.CopyFrom(case.model)
    of_case = [*zip(made.graph.input, case.data_sets[0][0], strict=True)]
    for declared, array in of_case[1:] if len(of_case) > 1 or not of_case else of_case:
        if getattr(array, "dtype", None) == "int64":
            made.graph.initializer.append(numpy_helper.from_array(array, declared.name))
    return made


@pytest.mark.parametrize("operator", sorted(RULES))
def test_shapes_are_those_of_onnxs_reference_outputs(operator: str) -> None:
    """Each size that is known is right, in every test case of the operator that ONNX has."""
    known = 0
    for case in cases():
        if case.model.graph.node[-1].op_type != operator:
            continue
        shapes = shapes_of(with_constants(case))
        assert shapes.clashes == ()
        for output, array in zip(case.model.graph.output, case.data_sets[0][1], strict=True):
            found, true = shapes.of.get(output.name), getattr(array, "shape", None)
            if found is not None and true is not None:
                known += 1
                sizes = tuple(true[i] if size is None else size for i, size in enumerate(found))
                assert sizes == true, case.name
    assert known > 0


@pytest.mark.parametrize("operator", ["GRU", "LSTM", "RNN"])
def test_axes_that_vary_are_followed_through_a_step(operator: str) -> None:
    for made, first in (
        (encoder_step(operator), ("T", 1, "B", 4)),
        (decoder_step(operator), ("B", 7)),
    ):
        shapes = shapes_of(made)
        outputs = [shapes.of[output.name] for output in made.graph.output]
        assert outputs == [first, *[(1, "B", 4)] * (len(outputs) - 1)]
        assert shapes.clashes == ()


@pytest.mark.parametrize("operator", ["GRU", "LSTM", "RNN"])
def test_the_names_of_axes_are_those_of_onnxs_shape_inference(operator: str) -> None:
    for made in (encoder_step(operator), decoder_step(operator)):
        inferred = onnx.shape_inference.infer_shapes(made, data_prop=True)
        shapes = shapes_of(made)
        for declared in inferred.graph.value_info:
            dims = declared.type.tensor_type.shape.dim
            expected = tuple(d.dim_param or d.dim_value for d in dims)
            assert shapes.of[declared.name] == expected


def vectors(*nodes: onnx.NodeProto, **constants: object) -> onnx.ModelProto:
    """Return a graph that reshapes ``x float32[T, B, 6]`` to a calculated shape, as ``y``."""
    inputs = [value("x", "float32", ["T", "B", 6])]
    weights = [constant(name, numbers) for name, numbers in constants.items()]
    return model(nodes, inputs, [value("y", "float32", None)], weights)


node = onnx.helper.make_node
SHAPE = node("Shape", ["x"], ["s"])


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (vectors(node("Reshape", ["x", "to"], ["y"]), to=[0, 0, 2, 3]), ("T", "B", 2, 3)),
        (vectors(node("Reshape", ["x", "to"], ["y"]), to=[-1, 6]), (None, 6)),
        (vectors(node("Reshape", ["x", "to"], ["y"]), to=[0, -1, 6]), ("T", "B", 6)),
        (vectors(node("Reshape", ["x", "to"], ["y"]), to=[0, -1]), ("T", None)),
        (vectors(SHAPE, node("Reshape", ["x", "s"], ["y"])), ("T", "B", 6)),
        (
            vectors(
                SHAPE,
                node("Gather", ["s", "one"], ["b"]),
                node("Concat", ["two", "b", "two"], ["to"], axis=0),
                node("ConstantOfShape", ["to"], ["y"]),
                one=[1],
                two=[2],
            ),
            (2, "B", 2),
        ),
        (
            vectors(
                SHAPE,
                node("Slice", ["s", "zero", "two"], ["part"]),
                node("Concat", ["part", "three"], ["to"], axis=0),
                node("Reshape", ["x", "to"], ["y"]),
                zero=[0],
                two=[2],
                three=[3, 2],
            ),
            ("T", "B", 3, 2),
        ),
        (
            vectors(
                node("Mul", ["two", "three"], ["six"]),
                node("Concat", ["zero", "zero", "six"], ["to"], axis=0),
                node("Reshape", ["x", "to"], ["y"]),
                zero=[0],
                two=[2],
                three=[3],
            ),
            ("T", "B", 6),
        ),
        (
            vectors(
                SHAPE,
                node("Mul", ["s", "one"], ["to"]),
                node("ConstantOfShape", ["to"], ["y"]),
                one=[1],
            ),
            ("T", "B", 6),
        ),
        # torch's TorchScript exporter writes expand(-1, n, -1) so.
        (
            vectors(
                node("Equal", ["wanted", "minus"], ["kept"]),
                SHAPE,
                node("Where", ["kept", "s", "wanted"], ["to"]),
                node("Expand", ["x", "to"], ["y"]),
                wanted=[-1, -1, 6],
                minus=[-1, -1, -1],
            ),
            ("T", "B", 6),
        ),
    ],
)
def test_calculated_shapes(made: onnx.ModelProto, expected: tuple[object, ...]) -> None:
    shapes = shapes_of(made)
    assert shapes.of["y"] == expected
    assert shapes.clashes == ()


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (vectors(node("Reshape", ["x", "to"], ["y"]), to=[5, 3, 6]), "[T, B, 6] becomes [5, 3, 6]"),
        (vectors(node("Reshape", ["x", "to"], ["y"]), to=[1, 1, 6]), "[T, B, 6] becomes [1, 1, 6]"),
        (vectors(node("Reshape", ["x", "to"], ["y"]), to=[-1, 12]), "[T, B, 6] becomes [-1, 12]"),
        (vectors(node("Reshape", ["x", "to"], ["y"]), to=[0, 3, 6]), "[T, B, 6] becomes [T, 3, 6]"),
        (
            vectors(node("Split", ["x", "parts"], ["y", "z"], axis=0), parts=[1, 1]),
            "[T, B, 6] is cut into pieces of [1, 1] along 'T'",
        ),
        (
            vectors(
                node("Cast", ["c"], ["f"], to=1),
                node("Concat", ["x", "f"], ["y"], axis=2),
                c=[[[1], [2]]],
            ),
            "[T, B, 6] is joined with [1, 2, 1]",
        ),
        (
            vectors(
                node("Cast", ["c"], ["f"], to=1),
                node("MatMul", ["f", "x"], ["y"]),
                c=[[[1, 2, 3]]],
            ),
            "[1, 1, 3] is multiplied with [T, B, 6]",
        ),
    ],
)
def test_clashes_of_varying_axes_with_numbers(made: onnx.ModelProto, found: str) -> None:
    assert found in [clash.found for clash in shapes_of(made).clashes]


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Transpose", ["x"], ["y"], perm=[0, 1, 9])],
        [node("Gather", ["x"], ["y"])],
        [node("Gather", ["x", "x"], ["y"], axis=7)],
        [node("Split", ["x"], [])],
        [node("Gemm", ["x", "x"], ["y"])],
        [node("Mul", ["n", "n"], ["n"])] * 200,
        [node("Gather", ["x", "x"], ["x"])] * 200,
        [node("Unsqueeze", ["x", "n"], ["x"])] * 200,
        [node("ConstantOfShape", ["n"], ["y"])],
    ],
)
def test_damaged_nodes_have_no_shape(nodes: list[onnx.NodeProto]) -> None:
    """Nor do they take time or memory: numbers and axes that multiply on and on are let go."""
    shapes = shapes_of(vectors(*nodes, n=[2**40]))
    assert len(shapes.of.get("x", ())) <= 32


def test_pieces_of_unknown_size() -> None:
    """Sizes that are an input are not known; without sizes the pieces are even."""
    made = vectors(node("Split", ["x", "sizes"], ["y", "z"], axis=2))
    made.graph.input.append(value("sizes", "int64", [2]))
    assert shapes_of(made).of["y"] == ("T", "B", None)
    even = vectors(node("Split", ["x"], ["y", "z"], axis=2, num_outputs=2))
    assert shapes_of(even).of["y"] == ("T", "B", 3)
