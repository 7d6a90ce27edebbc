"""The command ``python -m s2s_export.verify``: is an exported folder what was proven?

Whoever receives a folder can prove it again, without torch: files, structure, vocabularies, and the
golden sentences, token for token, on the device where they will run. ``verify`` does the same from
Python and returns a report; export asks it before it publishes.
"""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import __version__, command
from .contract import GraphSpec
from .errors import ArtefactError, ParityError, ProviderError, S2SError
from .folder import ExportedFolder
from .greedy import Hypothesis
from .loading import LoadedModel
from .manifest import MANIFEST_FILE, SOURCE_VOCABULARY_FILE, TARGET_VOCABULARY_FILE, Golden
from .parity import TOLERANCE
from .sessions import PROVIDERS, SessionSettings
from .text import detokenize, tokenize


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: what was checked.
        passed: whether it is as it should be.
        found: what was found, or what is wrong and what to do.
    """

    name: str
    passed: bool
    found: str


@dataclass(frozen=True)
class Report:
    """What was checked of a folder.

    Attributes:
        folder: as given.
        device: where the golden sentences were replayed.
        checks: in their order. Those that need what a failed one was about are left out.
    """

    folder: str
    device: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


def verify(path: str | os.PathLike[str], *, device: str = "cpu") -> Report:
    """Check an exported folder: all that can be checked without torch.

    Args:
        path: the folder.
        device: ``"cpu"`` or ``"cuda"``: where to replay the golden sentences.

    Returns:
        The report. What is wrong with the folder stands in it and is not raised.

    Raises:
        ProviderError: the device or onnxruntime is not available.
    """
    return Report(os.fspath(path), device, tuple(_checks(path, device)))


def _checks(path: str | os.PathLike[str], device: str) -> Iterator[Check]:
    """Make one check after the other, up to the last that can still be made."""
    opened: list[ExportedFolder] = []

    def open_folder() -> str:
        opened.append(ExportedFolder(path))
        return f"format version {opened[0].manifest.format_version}, sha256 as recorded"

    yield _check(MANIFEST_FILE, open_folder)
    if not opened:
        return
    [folder] = opened
    of_files = [_check(name, _file_check(folder, name)) for name in folder.manifest.files]
    yield from of_files
    if all(check.passed for check in of_files):
        of_contents = list(_content_checks(folder))
        yield from of_contents
        if all(check.passed for check in of_contents):
            yield from _golden_checks(path, device)
            if folder.manifest.int8 is not None:
                yield _check("golden sentences, int8", lambda: _replay_int8(path, device))


def _check(name: str, find: Callable[[], str]) -> Check:
    """Make a check of something that returns what it finds or raises what is wrong."""
    try:
        return Check(name, True, find())
    except ProviderError:  # says nothing of the folder
        raise
    except S2SError as error:
        return Check(name, False, str(error))


def _file_check(folder: ExportedFolder, name: str) -> Callable[[], str]:
    return lambda: f"{len(folder.read(name)):,} bytes, sha256 as recorded"


def _content_checks(folder: ExportedFolder) -> Iterator[Check]:
    def structure(spec: GraphSpec) -> str:
        folder.read_graph(spec)
        return f"as specified: standard operators of opset {spec.opset}, nothing outside the file"

    def words(name: str) -> str:
        return f"{len(folder.read_vocabulary(name)):,} tokens"

    graphs, int8 = folder.manifest.graphs, folder.manifest.int8
    yield _check("structure of the encoder", lambda: structure(graphs.encoder))
    yield _check("structure of the decoder", lambda: structure(graphs.decoder))
    if int8 is not None:
        yield _check("structure of the int8 encoder", lambda: structure(int8.graphs.encoder))
        yield _check("structure of the int8 decoder", lambda: structure(int8.graphs.decoder))
    yield _check("words of the source", lambda: words(SOURCE_VOCABULARY_FILE))
    yield _check("words of the target", lambda: words(TARGET_VOCABULARY_FILE))


def _golden_checks(path: str | os.PathLike[str], device: str) -> Iterator[Check]:
    """Replay the golden sentences: their words' ids, the tokens, and the log-probabilities."""
    replayed: list[tuple[Golden, Hypothesis]] = []

    def tokens() -> str:
        model = LoadedModel(path, SessionSettings(device))
        for golden in model.manifest.golden:
            replayed.append((golden, _replay(golden, model)))
        return f"{len(replayed)} sentences token for token as eager PyTorch, on {device}"

    def log_probs() -> str:
        largest = max((_difference(golden, found) for golden, found in replayed), default=0.0)
        if largest > TOLERANCE:
            raise ParityError(f"they differ by {largest:.3g}, more than {TOLERANCE:.3g}")
        return f"largest difference {largest:.1e}, tolerance {TOLERANCE:.0e}"

    check = _check("golden sentences", tokens)
    yield check
    if check.passed:
        yield _check("their log-probabilities", log_probs)


def _replay(golden: Golden, model: LoadedModel) -> Hypothesis:
    ids = tuple(model.source.encode(tokenize(golden.source)))
    if ids != golden.source_ids:
        raise ParityError(
            f"{golden.source!r}: expected source ids {list(golden.source_ids)}, found {list(ids)}"
        )
    [found] = model.decode([ids])
    eos = (model.manifest.special_ids.eos,) if found.finished else ()
    target = detokenize(model.target.decode(found.ids))
    if ((*found.ids, *eos), target) != (golden.target_ids, golden.target):
        raise ParityError(
            f"{golden.source!r}: expected {golden.target!r} (ids {list(golden.target_ids)}), "
            f"found {target!r} (ids {[*found.ids, *eos]})"
        )
    return found


def _replay_int8(path: str | os.PathLike[str], device: str) -> str:
    model = LoadedModel(path, SessionSettings(device), precision="int8")
    int8, golden = model.manifest.int8, model.manifest.golden
    assert int8 is not None
    eos = model.manifest.special_ids.eos
    for entry, expected in zip(golden, int8.golden_target_ids, strict=True):
        [found] = model.decode([entry.source_ids])
        ids = (*found.ids, eos) if found.finished else found.ids
        if ids != expected:
            raise ParityError(f"{entry.source!r}: expected ids {list(expected)}, found {list(ids)}")
    return f"{len(golden)} sentences token for token as when exported, on {device}"


def _difference(golden: Golden, found: Hypothesis) -> float:
    pairs = zip(golden.log_probs, found.log_probs, strict=True)
    return max(abs(one - other) for one, other in pairs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report of a folder."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _verify_command(options), debug=options.debug)


def _verify_command(options: argparse.Namespace) -> int:
    report = verify(options.folder, device=options.device)
    if options.json:
        print(json.dumps({**dataclasses.asdict(report), "passed": report.passed}, indent=2))
    else:
        width = max(len(check.name) for check in report.checks)
        for check in report.checks:
            mark = "ok    " if check.passed else "FAILED"
            print(f"{mark}  {check.name:{width}}  {check.found}")
        print(f"{report.folder}: {'passed' if report.passed else 'FAILED: do not use it'}")
    return 0 if report.passed else ArtefactError.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export.verify",
        description="Check an exported folder: its files, its graphs, and that its golden "
        "sentences translate token for token as they did in PyTorch. Needs no PyTorch.",
        epilog="Exit codes: 0 passed, 2 wrong usage, 3 a check failed, 5 the device or onnxruntime "
        "is not available, 130 interrupted.",
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("exported"),
        help="the folder (default: exported)",
    )
    parser.add_argument(
        "--device", choices=tuple(PROVIDERS), default="cpu", help="where to replay (default: cpu)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
