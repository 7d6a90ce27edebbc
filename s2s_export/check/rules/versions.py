"""Rules for versions: which ONNX Runtime reads the file's opset and version of the file format.

Standard library only; an installed ONNX Runtime is asked for its version and never imported.

Sources:
    onnxruntime's docs/Versioning.md and its compatibility page, to 1.18. From 1.15.1 on each minor
    release was tried: the largest opset (Identity, GRU, LSTM, RNN) and IR version that it loads.
"""

from collections.abc import Iterator
from importlib import metadata

from ..finding import Finding, Rule
from ..subject import Runtime, Subject

RUNTIME_VERSION = Rule(
    "runtime-version",
    "An older ONNX Runtime refuses a file of a newer opset or version of the file format (IR).",
    "Install a newer onnxruntime, or export again with an older opset (opset_version=…).",
)
OLD_OPSET = Rule(
    "old-opset",
    "ONNX Runtime promises to read opset 7 and above; before that, GRU and LSTM are defined "
    "otherwise.",
    "Export again; any present exporter writes a newer opset.",
)
RULES = (RUNTIME_VERSION, OLD_OPSET)

_OPSETS = {
    **{8: "0.1", 9: "0.3", 10: "0.4", 11: "1.0", 12: "1.3", 13: "1.6", 14: "1.8", 15: "1.9"},
    **{16: "1.11", 17: "1.12", 18: "1.14", 19: "1.16", 20: "1.17", 21: "1.18", 22: "1.21"},
    **{23: "1.23", 24: "1.24", 25: "1.24", 26: "1.25", 27: "1.32", 28: "1.32"},
}
"""The oldest release that reads an opset."""
_IR_VERSIONS = {
    **{3: "0.1", 5: "0.4", 6: "1.0", 7: "1.3", 8: "1.9", 9: "1.15", 10: "1.18", 11: "1.23"},
    **{13: "1.24", 14: "1.32"},
}
"""The oldest release that reads a version of the file format, and those before it."""
NEWEST_KNOWN = "1.32"
"""The newest release in the tables."""

_OLDEST_OPSET = 7
_PACKAGES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the findings for the file's versions and the installed ONNX Runtime."""
    opset = opset_of(subject)
    if opset is None:  # operators says so
        return
    if opset < _OLDEST_OPSET:
        yield OLD_OPSET.finding("warning", "model", f"opset {opset}")
    needed, runtime = oldest_runtime(subject.model.ir_version, opset), subject.runtime
    found = f"opset {opset}, IR version {subject.model.ir_version}"
    if runtime is None:
        needs = f"it needs {needed}" if needed else f"newer than {NEWEST_KNOWN} reads"
        yield RUNTIME_VERSION.finding("note", "model", f"{found}: {needs}; none is installed")
    elif needed is None:
        if _number(runtime.version) <= _number(NEWEST_KNOWN):
            text = f"{found}: {runtime.package} {runtime.version} is too old"
            yield RUNTIME_VERSION.finding("error", "model", text)
        else:
            text = f"{found}: newer than this check knows"
            yield RUNTIME_VERSION.finding("note", "model", text)
    elif _number(runtime.version) < _number(needed):
        text = f"{found}: it needs {needed}, installed is {runtime.package} {runtime.version}"
        yield RUNTIME_VERSION.finding("error", "model", text)


def opset_of(subject: Subject) -> int | None:
    """Return the version of ONNX's own operator set, if the file has one."""
    opsets = subject.model.opsets
    return opsets.get("", opsets.get("ai.onnx"))


def oldest_runtime(ir_version: int, opset: int | None) -> str | None:
    """Return the oldest ONNX Runtime that reads these versions; ``None`` if none is known to."""
    of_ir = [release for version, release in _IR_VERSIONS.items() if version >= ir_version]
    of_opset = [release for version, release in _OPSETS.items() if version >= (opset or 0)]
    if not of_ir or not of_opset:
        return None
    return max(of_ir[0], of_opset[0], key=_number)


def installed_runtime() -> Runtime | None:
    """Return the installed ONNX Runtime, if there is one."""
    for package in _PACKAGES:
        try:
            return Runtime(package, metadata.version(package))
        except metadata.PackageNotFoundError:
            continue
    return None


def _number(version: str) -> tuple[int, int]:
    """Return major and minor version."""
    digits = ["".join(filter(str.isdigit, part)) for part in f"{version}.0".split(".")[:2]]
    major, minor = (int(part or 0) for part in digits)
    return major, minor
