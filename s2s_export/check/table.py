"""The report of a file as text: a table first, then the findings, grouped by rule.

``check`` prints it. Standard library only.
"""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from ..onnx_format.sizes import written
from .finding import SEVERITIES, Finding
from .report import Report, Tensor
from .subject import Runtime

_MOST_PLACES = 5
"""Places of a rule that are listed; JSON has them all."""
_LONGEST = 400
"""Characters of a text from a file that are shown."""
_KEPT = "\u00a0"
"""A space at which no line is broken, while lines are made."""


def table(report: Report, runtime: Runtime | None, width: int) -> str:
    """Return a report as lines.

    Args:
        report: of a file.
        runtime: the installed ONNX Runtime, if there is one.
        width: characters of a line, at the most.
    """
    rows = {
        "IR version": str(report.ir_version),
        "opset": ", ".join(map(_opset, report.opsets, report.opsets.values())) or "none",
        "producer": printable(report.producer) or "not said",
        "inputs": ", ".join(map(_tensor, report.inputs)) or "none",
        "outputs": ", ".join(map(_tensor, report.outputs)) or "none",
        "recurrent": ", ".join(f"{n} {name}" for name, n in report.recurrent.items()) or "none",
        "ONNX Runtime": _runtime(report.oldest_onnxruntime, runtime),
    }
    titles = max(map(len, rows))
    lines = [printable(report.file)]
    for name, value in rows.items():
        lines += _wrapped(f"  {name:{titles}}  ", value, width)
    for _, group in groupby(_by_rule(report.findings), lambda f: (f.severity, f.rule)):
        lines += ["", *_group(list(group), width)]
    return "\n".join([*lines, "", f"  {summary(report)}"])


def summary(report: Report) -> str:
    """Return the number of findings of each severity."""
    counts = ((severity, report.count(severity)) for severity in SEVERITIES)
    return ", ".join(f"{n} {severity}{'' if n == 1 else 's'}" for severity, n in counts)


def printable(text: str) -> str:
    """Return a text from a file so that a terminal can show it: no control characters, not long."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown
    )


def _by_rule(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with those of a rule side by side, in the order of its first."""
    order = {rule: i for i, rule in enumerate(dict.fromkeys(f.rule for f in findings))}
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), order[f.rule]))


def _group(findings: Sequence[Finding], width: int) -> Iterator[str]:
    first = findings[0]
    yield f"  {first.severity}: {first.rule}"
    for finding in findings[:_MOST_PLACES]:
        yield from _wrapped("    ", printable(f"{finding.place}: {finding.found}"), width)
    if len(findings) > _MOST_PLACES:
        yield f"    and {len(findings) - _MOST_PLACES} more"
    yield from _wrapped("    Why: ", first.why, width)
    yield from _wrapped("    Do:  ", first.remedy, width)


def _wrapped(start: str, text: str, width: int) -> list[str]:
    indent = " " * len(start)
    lines = textwrap.wrap(text, width, initial_indent=start, subsequent_indent=indent)
    return [line.replace(_KEPT, " ") for line in lines]


def _opset(domain: str, version: int) -> str:
    return str(version) if domain == "ai.onnx" else f"{printable(domain)} {version}"


def _tensor(tensor: Tensor) -> str:
    """Return name, type and sizes, to stay on one line."""
    sizes = "?" if tensor.shape is None else written(tensor.shape)[1:-1]
    return printable(f"{tensor.name} {tensor.dtype}[{sizes}]").replace(" ", _KEPT)


def _runtime(oldest: str | None, runtime: Runtime | None) -> str:
    needed = f"{oldest} or newer" if oldest else "a newer one than is known here"
    return f"{needed}; installed: {f'{runtime.package} {runtime.version}' if runtime else 'none'}"
