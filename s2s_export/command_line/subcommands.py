"""The script ``s2s-export``: ``s2s-export push …`` is ``python -m s2s_export.push …``.

For environments where the package is installed and ``python`` may be another one. Standard library
only.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

from .. import __version__

COMMANDS = {
    "verify": ("verify", "prove an exported folder again"),
    "info": ("info", "show the installed run time, and the contents of a folder"),
    "check": ("check.__main__", "tell what goes wrong silently in an ONNX file"),
    "push": ("push", "push an exported folder to a repository on the Hub"),
    "export": ("export", "export a trained run, in a checkout"),
}
"""Module and purpose of each command."""

_USAGE = "\n".join(
    [
        "usage: s2s-export COMMAND …",
        "",
        *(f"  {name:7} {purpose}" for name, (_, purpose) in COMMANDS.items()),
        "",
        "'s2s-export COMMAND --help' shows the options of one; s2s-translate translates.",
    ]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names with the others."""
    name, *others = (sys.argv[1:] if arguments is None else arguments) or [""]
    if name in ("-h", "--help"):
        print(_USAGE)
        return 0
    if name == "--version":
        print(f"s2s-export {__version__}")
        return 0
    if name not in COMMANDS:
        print(_USAGE, file=sys.stderr)
        print(f"error: expected a command, found {name!r}", file=sys.stderr)
        return 2
    module = import_module(f"s2s_export.{COMMANDS[name][0]}")
    return int(module.main(others))
