"""Command lines of training: tyro makes the options of a dataclass and its docstring."""

import sys
from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

from s2s_export import command
from s2s_export.errors import RuntimeMissingError

MISSING = "training needs pip install -e '.[train]' in a checkout ({})"

try:
    import tyro
except ImportError as _error:  # only commands import this module, so it may end the process
    command.complain(MISSING.format(_error))
    sys.exit(RuntimeMissingError.exit_code)

Options = TypeVar("Options")

Flag = tyro.conf.FlagCreatePairsOff[bool]
"""A switch without its opposite: ``--debug``, but no ``--no-debug``."""

RecipeName = Annotated[
    Literal["default", "attention", "tutorial", "sentences", "words"], tyro.conf.arg(name="recipe")
]
"""The option ``--recipe``."""


def parse(
    cls: type[Options], prog: str, arguments: Sequence[str] | None, default: Options
) -> Options:
    """Read a command line.

    Args:
        cls: a frozen dataclass; its fields are the options, its ``Attributes:`` their help.
        prog: the command, for the help.
        arguments: of the command; ``None`` takes ``sys.argv``.
        default: values of the options that are not given.

    Raises:
        SystemExit: 2 for a wrong option, 0 for ``--help``.
    """
    return tyro.cli(
        cls, prog=prog, args=arguments, default=default, config=(tyro.conf.OmitArgPrefixes,)
    )
