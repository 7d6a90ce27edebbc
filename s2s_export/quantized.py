"""The two steps as int8 graphs: quantized weights, and a recurrence that can be quantized.

Part of the torch side: ``bundle`` calls it. ONNX Runtime has no quantized GRU, so a step of the GRU
is written out: two products, and the gates between them. ``int8_graph`` has how a product is
quantized.
"""

from collections.abc import Mapping

import numpy as np
from torch import nn

from .int8_graph import Array, Int8Graph, Layer, value_info
from .manifest import GraphRecord, Graphs
from .source import ExportSource
from .steps import StepSpec

Weights = Mapping[str, Array]


def to_int8(source: ExportSource, graphs: Graphs) -> tuple[bytes, bytes]:
    """Return the encoder step and the decoder step as int8 graphs.

    Args:
        source: the model, whose weights are quantized; it stays as it is.
        graphs: the records of the two graphs.

    Returns:
        The bytes of two ONNX files; the same model gives the same bytes.
    """
    weights = _weights(source.decoder)
    spec, record = source.decoder_spec, graphs.decoder
    if "energy.weight" in weights:
        decoder = _attention_decoder(weights, spec, record)
    else:
        decoder = _decoder(weights, spec, record, source.decoder.n_layers)  # type: ignore
    return _encoder(_weights(source.encoder), source.encoder_spec, graphs.encoder), decoder


def _weights(module: nn.Module) -> Weights:
    return {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}


def _encoder(weights: Weights, spec: StepSpec, record: GraphRecord) -> bytes:
    graph = Int8Graph()
    tokens, hidden = (tensor.name for tensor in spec.inputs)
    next_hidden, *collected = (tensor.name for tensor in spec.outputs)
    table = weights["embedding.weight"]
    size = table.shape[1]
    # The tokens' half of the GRU for all of them in one product: [T, B] -> [T * B, 3H]
    embedded = graph.embedding(tokens, table, "embedding")
    given = _product_of_rows(graph, embedded, tokens, _gru(weights, "ih"), "input", _largest(table))
    # The rest goes token by token.
    body = Int8Graph("body.")
    step = body.gru_step("given", "before", _gru(weights, "hh"), "hidden")
    # The state after a token, and if it is collected, the same once more. A graph inside of
    # another one shares no name with it.
    names = ("body.after", *(f"body.{name}" for name in collected[:1]))
    returned = [body.node("Identity", [step], [name]) for name in names]
    outputs = [graph.new_name("after"), *collected[:1]]
    graph.node(
        "Scan",
        [graph.node("Squeeze", [hidden, graph.shape("axis", 0)]), given],
        outputs,
        body=body.as_graph(
            [
                value_info("before", "float32", ["B", size]),
                value_info("given", "float32", ["B", 3 * size]),
            ],
            [value_info(name, "float32", ["B", size]) for name in returned],
        ),
        num_scan_inputs=1,
    )
    graph.node("Unsqueeze", [outputs[0], graph.shape("axis", 0)], [next_hidden])
    if collected:
        memory, key, mask = collected
        layer = Layer(weights["key.weight"], weights["key.bias"])
        found = _product_of_rows(graph, memory, tokens, layer, "key", 1.0)
        graph.node("Identity", [found], [key])
        shape = [graph.node("Shape", [tokens]), graph.shape("one", 1)]
        graph.ones(graph.node("Concat", shape, axis=0), mask)
    return graph.as_model(spec, record)


def _decoder(weights: Weights, spec: StepSpec, record: GraphRecord, n_layers: int) -> bytes:
    graph = Int8Graph()
    token, hidden = (tensor.name for tensor in spec.inputs)
    log_probs, next_hidden = (tensor.name for tensor in spec.outputs)
    table = weights["embedding.weight"]
    output = graph.embedding(token, table, "embedding")  # [B, H]
    state = graph.node("Squeeze", [hidden, graph.shape("axis", 0)])
    largest = _largest(table)
    for _ in range(n_layers):
        state = _application(graph, weights, output, largest, state)
        output, largest = state, 1.0
    scores = graph.product(output, _layer(weights, "out"), "out", 1.0)
    graph.node("LogSoftmax", [scores], [log_probs], axis=-1)
    graph.node("Unsqueeze", [state, graph.shape("axis", 0)], [next_hidden])
    return graph.as_model(spec, record)


def _attention_decoder(weights: Weights, spec: StepSpec, record: GraphRecord) -> bytes:
    graph = Int8Graph()
    token, hidden, memory, key, mask = (tensor.name for tensor in spec.inputs)
    log_probs, next_hidden, attention = (tensor.name for tensor in spec.outputs)
    table = weights["embedding.weight"]
    size = table.shape[1]
    embedded = graph.embedding(token, table, "embedding")  # [B, H]
    state = graph.node("Squeeze", [hidden, graph.shape("axis", 0)])
    state = _application(graph, weights, embedded, _largest(table), state)
    # The products of the attention that go over all tokens are small: they stay in float32.
    no_bias = np.zeros(size, np.float32)
    query = graph.product(state, Layer(weights["query.weight"], no_bias), "query", 1.0)
    asked = graph.node("Tanh", [graph.node("Add", [key, query])])  # [S, B, H]
    energy_weight = graph.constant("energy.weight", weights["energy.weight"].T)
    energy = graph.node("MatMul", [asked, energy_weight])  # [S, B, 1]
    absent = graph.node("Equal", [mask, graph.constant("absent", np.array(0, np.float32))])
    lowest = graph.constant("lowest", np.array(-np.inf, np.float32))
    energy = graph.node("Where", [absent, lowest, energy])
    graph.node("Softmax", [energy], [attention], axis=0)
    weighted = graph.node("Mul", [attention, memory])
    context = graph.node("ReduceSum", [weighted, graph.shape("axis", 0)], keepdims=0)  # [B, H]
    # A mean of hidden states lies between -1 and 1 as they do.
    state = _application(graph, weights, context, 1.0, state)
    # One product for each part, since each has a range of its own.
    combine = _layer(weights, "combine")
    parts = np.split(combine.weight, 3, axis=1)
    found = graph.product(state, Layer(parts[0], combine.bias), "combine.hidden", 1.0)
    for name, part, weight, largest in (
        ("combine.embedded", embedded, parts[1], _largest(table)),
        ("combine.context", context, parts[2], 1.0),
    ):
        product = graph.product(part, Layer(weight, no_bias), name, largest)
        found = graph.node("Add", [found, product])
    output = graph.node("Tanh", [found])
    scores = graph.product(output, _layer(weights, "out"), "out", 1.0)
    graph.node("LogSoftmax", [scores], [log_probs], axis=-1)
    graph.node("Unsqueeze", [state, graph.shape("axis", 0)], [next_hidden])
    return graph.as_model(spec, record)


def _application(graph: Int8Graph, weights: Weights, x: str, largest: float, state: str) -> str:
    """Apply the decoder's GRU to the ReLU of ``x float32[B, H]`` and return the next state."""
    positive = graph.node("Relu", [x])
    given = graph.product(positive, _gru(weights, "ih"), "input", largest, positive=True)
    return graph.gru_step(given, state, _gru(weights, "hh"), "hidden")


def _product_of_rows(
    graph: Int8Graph, x: str, tokens: str, layer: Layer, name: str, largest: float
) -> str:
    """Multiply ``float32[T, B, K]`` for all tokens at once and return ``float32[T, B, N]``."""
    columns, inner = layer.weight.shape
    rows = graph.node("Reshape", [x, graph.shape(f"{name}.rows", -1, inner)])
    product = graph.product(rows, layer, name, largest)
    sizes = [graph.node("Shape", [tokens]), graph.shape(f"{name}.columns", columns)]
    return graph.node("Reshape", [product, graph.node("Concat", sizes, axis=0)])


def _gru(weights: Weights, half: str) -> Layer:
    return Layer(weights[f"gru.weight_{half}_l0"], weights[f"gru.bias_{half}_l0"])


def _layer(weights: Weights, name: str) -> Layer:
    return Layer(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _largest(array: Array) -> float:
    return float(np.abs(array).max())
