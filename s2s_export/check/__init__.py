"""The check of ONNX files that came from anywhere: what goes wrong silently with recurrent graphs.

``check`` reads a file and returns a report; ``python -m s2s_export.check`` prints it. Standard
library and numpy; ONNX Runtime is asked for its version and not imported.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .file import check
    from .finding import Finding
    from .report import Report

__all__ = ["Finding", "Report", "check"]


def __getattr__(name: str) -> Any:
    # Imported when first asked for: the rules take longer than all the rest of a --help.
    if name in __all__:
        from . import file, finding, report

        return {"Finding": finding.Finding, "Report": report.Report, "check": file.check}[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
