"""The command ``python -m s2s_export.push``: an exported folder to a repository on the Hub.

The folder is verified first, and gets a model card. ``push`` does the same from Python. Needs the
extra ``hub``, and no torch.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, command
from .errors import ArtefactError
from .folder.reader import ExportedFolder
from .folder.sources.location import files_at
from .hub.api import Token, check_name
from .hub.card import CardOptions, card
from .hub.publish import Pushed, publish, repository_files
from .verify import verify

_MESSAGE = f"Export with s2s_export {__version__}"


def push(
    path: str | os.PathLike[str],
    repository: str,
    *,
    private: bool = False,
    branch: str | None = None,
    message: str = _MESSAGE,
    license: str | None = None,
    languages: Sequence[str] = (),
    torchscript: bool = False,
    token: Token = None,
) -> Pushed:
    """Verify an exported folder and push it with a model card, in one commit.

    Args:
        path: the folder, or a zip of it.
        repository: on the Hub: ``"user/model"``; created if it is not there.
        private: whether a repository that is created is private.
        branch: created if it is not there; by default the main one.
        message: the commit's.
        license: of the model, as the Hub names it ("cc-by-2.0"); the card has none without.
        languages: codes for the card; by default those that the manifest's languages name.
        torchscript: whether the TorchScript files are pushed, which are code.
        token: of the Hub; ``False`` for none; by default ``HF_TOKEN`` or the stored one.

    Returns:
        The commit.

    Raises:
        ArtefactError: the folder is not there, or does not pass ``verify``; nothing is pushed.
        HubError: the Hub cannot be reached, or refuses.
        OptionError: the name is none of a repository.
        RuntimeMissingError: huggingface_hub or onnxruntime is not installed.
    """
    files = prepare(path, repository, CardOptions(license, languages), torchscript=torchscript)
    return publish(files, repository, message=message, branch=branch, private=private, token=token)


def prepare(
    path: str | os.PathLike[str], repository: str, options: CardOptions, *, torchscript: bool
) -> dict[str, bytes]:
    """Return what ``push`` would push: the verified files and the card, by name.

    Raises:
        S2SError: as for ``push``; nothing is sent.
    """
    check_name(repository)
    folder = ExportedFolder(files_at(path))
    for check in verify(path).checks:
        if not check.passed:
            raise ArtefactError(
                f"{folder.source.name}: not pushed, since it does not pass verify: {check.name}: "
                f"{check.found}"
            )
    # Compared with the manifest that was read before verify: files of another export that has
    # replaced the folder in the meantime are refused.
    return repository_files(
        folder, card(folder.manifest, repository, options), torchscript=torchscript
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Push as the command line says, or show what would be pushed."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _push_command(options), debug=options.debug)


def _push_command(options: argparse.Namespace) -> int:
    files = prepare(
        options.folder,
        options.repository,
        CardOptions(options.license, options.language),
        torchscript=options.torchscript,
    )
    if options.dry_run:
        print(files["README.md"].decode())
        for name, content in files.items():
            print(f"{len(content):>12,} bytes  {name}")
        return 0
    pushed = publish(
        files,
        options.repository,
        message=options.message,
        branch=options.branch,
        private=options.private,
    )
    print(f"pushed {len(files)} files: {pushed.url}")
    print(f'next: Translator.from_pretrained("{options.repository}", revision="{pushed.commit}")')
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export.push",
        description="Verify an exported folder, write a model card for it, and push both to a "
        "model repository on the Hub, in one commit. The token is HF_TOKEN or that of "
        "'hf auth login'.",
        epilog="Exit codes: 0 ok, 2 wrong usage, 3 the folder does not pass verify, or the Hub "
        "cannot be reached or refuses, 5 a package is missing, 130 interrupted.",
    )
    parser.add_argument("folder", type=Path, help="the exported folder, or a zip of it")
    parser.add_argument("repository", metavar="user/model", help="created if it is not there")
    parser.add_argument(
        "--private", action="store_true", help="a repository that is created is private"
    )
    parser.add_argument("--branch", help="created if it is not there (default: the main one)")
    parser.add_argument("--message", default=_MESSAGE, help="of the commit (default: %(default)s)")
    parser.add_argument(
        "--license",
        metavar="ID",
        help="of the model, for the card, as the Hub names it: cc-by-2.0; left out by default",
    )
    parser.add_argument(
        "--language",
        action="append",
        default=[],
        metavar="CODE",
        help="of the card, may be given several times (default: those of the manifest, where they "
        "are codes)",
    )
    parser.add_argument(
        "--torchscript",
        action="store_true",
        help="push the TorchScript files as well, which are code and which no Translator opens",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the card and the files, and push nothing"
    )
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
