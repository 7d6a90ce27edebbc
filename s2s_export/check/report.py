"""The report of a file: what it is, and all findings.

``check`` prints it. Standard library and numpy.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..errors import GraphError
from ..onnx_format.reading import read_model
from .finding import SEVERITIES, Finding, Rule, Severity
from .rules import axes, loops, operators, paths, recurrence, state, training, versions, weights
from .subject import RECURRENT, Runtime, Subject

_MODULES = (recurrence, state, axes, loops, weights, operators, training, versions, paths)

RULES: tuple[Rule, ...] = tuple(rule for module in _MODULES for rule in module.RULES)
"""All rules, in the order of the documentation."""


@dataclass(frozen=True)
class Tensor:
    """An input or output.

    Attributes:
        name: of it.
        dtype: numpy's name of the element type.
        shape: sizes, a name for an axis that varies, ``None`` for one that is left open; ``None``
            where the number of axes is not declared.
    """

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None


@dataclass(frozen=True)
class Report:
    """What a file is, and what was found.

    Attributes:
        file: its name, as given.
        ir_version: version of the file format.
        opsets: version of each operator set, by its domain; ``ai.onnx`` is ONNX's own.
        producer: name and version of the tool that wrote it; ``""`` if it does not say.
        inputs: of the graph.
        outputs: of the graph.
        recurrent: number of GRU, LSTM, RNN, Loop and Scan nodes, by operator.
        oldest_onnxruntime: the oldest release that reads it; ``None`` if none is known to.
        findings: the worst first.
    """

    file: str
    ir_version: int
    opsets: dict[str, int]
    producer: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    recurrent: dict[str, int]
    oldest_onnxruntime: str | None
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def report_of(content: bytes, name: str, folder: Path | None, runtime: Runtime | None) -> Report:
    """Check an ONNX file.

    Args:
        content: the file's bytes.
        name: of the file in the report and in messages.
        folder: where its weights may lie beside it; ``None`` for a file in memory.
        runtime: the installed ONNX Runtime, if there is one.

    Raises:
        GraphError: it is not an ONNX file, or damaged so that it cannot be read.
    """
    try:
        model = read_model(content)
    except (ValueError, IndexError) as error:  # UnicodeDecodeError is a ValueError
        raise GraphError(
            f"{name}: not a valid ONNX file ({error}); copy or download it again, or export again"
        ) from None
    subject = Subject(model, folder, runtime)
    findings = [finding for module in _MODULES for finding in module.find(subject)]
    operators_found = Counter(
        node.operator for _, node in subject.standard_nodes(*RECURRENT, "Loop", "Scan")
    )
    return Report(
        file=name,
        ir_version=model.ir_version,
        opsets={domain or "ai.onnx": version for domain, version in model.opsets.items()},
        producer=model.producer,
        inputs=tuple(Tensor(v.name, v.dtype, v.shape) for v in subject.main.inputs),
        outputs=tuple(Tensor(v.name, v.dtype, v.shape) for v in model.graph.outputs),
        recurrent=dict(sorted(operators_found.items())),
        oldest_onnxruntime=versions.oldest_runtime(model.ir_version, versions.opset_of(subject)),
        findings=tuple(sorted(findings, key=lambda f: SEVERITIES.index(f.severity))),
    )
