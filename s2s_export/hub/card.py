"""The model card of an exported folder: the README.md of its repository on the Hub.

``push`` writes it. Everything in it stands in the manifest, or is given by the user. Needs the
extra ``hub``, for the front matter.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..folder.manifest import Manifest
from ..folder.reader import files_needed
from .front_matter import METRICS, front_matter

SPECIFICATION_FILE = "FORMAT.md"
"""The name of the folder's README.md in a repository, where README.md is the card."""

_FACTS = ("attribution", "data", "data_sha256", "training_pairs", "recipe", "seed", "fingerprint")


@dataclass(frozen=True)
class CardOptions:
    """The parts of a card that no manifest has.

    Attributes:
        license: of the model, as the Hub names it ("cc-by-2.0"); ``None`` leaves it out.
        languages: codes; if there are none, those that the manifest's languages are names of.
    """

    license: str | None = None
    languages: Sequence[str] = ()


def card(manifest: Manifest, repository: str, options: CardOptions) -> str:
    """Return the card of an exported folder.

    Args:
        manifest: of the folder.
        repository: the name that it has on the Hub.
        options: what the manifest does not have.
    """
    name = repository.rpartition("/")[2]
    header = front_matter(manifest, name, options.license, options.languages)
    sections = {
        f"# {_text(name)}": _summary(manifest),
        "## Use": _use(manifest, repository),
        "## Files": _files(manifest),
        "## Metrics": _metrics(manifest),
        "## Parity": _parity(manifest, repository),
        "## Training": _training(manifest),
        "## Limits": _limits(manifest),
    }
    body = ("\n".join([title, "", *lines]) for title, lines in sections.items() if lines)
    return f"---\n{header}---\n\n" + "\n\n".join(body) + "\n"


def _summary(manifest: Manifest) -> list[str]:
    source, target = manifest.source, manifest.target
    return [
        "A recurrent encoder and decoder for short texts. s2s_export runs it with numpy and",
        "onnxruntime alone.",
        "",
        *_table(
            ("", "source", "target"),
            ("language", source.language, target.language),
            ("text mode", source.text, target.text),
            ("vocabulary, tokens", f"{source.vocabulary_size:,}", f"{target.vocabulary_size:,}"),
        ),
    ]


def _use(manifest: Manifest, repository: str) -> list[str]:
    lines = [
        "With the package s2s_export and its extras `cpu` and `hub`:",
        "",
        "```python",
        "from s2s_export import Translator",
        "",
        f"translator = Translator.from_pretrained({_quoted(repository)})",
    ]
    if manifest.golden:
        golden = manifest.golden[0]
        lines += [
            f"text = {_quoted(golden.source)}",
            f"print(translator.translate(text))  # {_quoted(golden.target)}",
        ]
    return [
        *lines,
        "```",
        "",
        "`revision=` with the id of a commit always gives the same files.",
    ]


def _files(manifest: Manifest) -> list[str]:
    rows = [("`fp32`, the default", _megabytes(manifest, "fp32"), "PyTorch's, see Parity")]
    if manifest.int8 is not None:
        agreement = manifest.int8.agreement
        tokens = f"fp32's for {agreement.identical:,} of {agreement.sentences:,} sentences"
        if agreement.bleu is not None and agreement.bleu_fp32 is not None:
            tokens += f"; BLEU {agreement.bleu:.1f}, fp32 {agreement.bleu_fp32:.1f}"
        rows += [("`int8`", _megabytes(manifest, "int8"), tokens)]
    return [
        *_table(("precision", "download, MB", "tokens"), *rows, escape=False),
        "",
        f"`from_pretrained` downloads the files of its `precision` alone. {SPECIFICATION_FILE}",
        "specifies all of them for readers in any language.",
    ]


def _megabytes(manifest: Manifest, precision: str) -> str:
    size = sum(manifest.files[name].size for name in files_needed(manifest, precision))
    return f"{size / 1e6:.2f}"


def _metrics(manifest: Manifest) -> list[str]:
    names = list(dict.fromkeys(name for kind in manifest.metrics.values() for name in sorted(kind)))
    if not names:
        return []
    rows = [
        (kind, *(f"{metrics[name]:.4g}" if name in metrics else "" for name in names))
        for kind, metrics in sorted(manifest.metrics.items())
    ]
    return [
        "On test sentences, on which nothing was chosen:",
        "",
        *_table(("", *names), *rows),
        "",
        *(f"- `{name}`: {METRICS[name][1]}" for name in names if name in METRICS),
    ]


def _parity(manifest: Manifest, repository: str) -> list[str]:
    rows = [
        (
            backend,
            *(f"{count:,}" for count in (record.sentences, record.identical, record.ties)),
            f"{record.largest_difference:.1e}",
            f"{record.beam.identical:,} of {record.beam.sentences:,}" if record.beam else "",
        )
        for backend, record in sorted(manifest.parity.items())
    ]
    titles = ("", "sentences", "same tokens", "ties", "largest difference", "same beams")
    return [
        "Before it was published, the export was compared with PyTorch, token for token:",
        "",
        *_table(titles, *rows),
        "",
        f"The manifest has {len(manifest.golden)} golden sentences, with which everybody can prove",
        "it again, without PyTorch:",
        "",
        "```sh",
        f"hf download {repository} --local-dir model",
        "python -m s2s_export.verify model",
        "```",
    ]


def _training(manifest: Manifest) -> list[str]:
    facts = manifest.training
    present = [name for name in _FACTS if facts.get(name) is not None]
    return [f"- `{name}`: {_text(str(facts[name]))}" for name in present]


def _limits(manifest: Manifest) -> list[str]:
    source, target, unk = manifest.source, manifest.target, manifest.special_ids.unk
    unknown = "is an error" if unk is None else "is translated around"
    lines = [
        f"- A text has at most {source.max_length:,} tokens, a translation {target.max_length:,}, "
        "as in training.",
        f"- A token that training has not seen {unknown}.",
        "- Parity is about the export: the tokens are the model's own, not that they are right.",
    ]
    if manifest.int8 is not None:
        lines += ["- With `int8` the tokens are not always those of PyTorch."]
    return lines


def _table(titles: Sequence[str], *rows: Sequence[str], escape: bool = True) -> Iterator[str]:
    yield "| " + " | ".join(titles) + " |"
    yield "|" + " --- |" * len(titles)
    for row in rows:
        yield "| " + " | ".join(map(_text, row) if escape else row) + " |"


def _text(text: str) -> str:
    """Return a text of the manifest as one line of Markdown that shows it as it is."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _quoted(text: str) -> str:
    """Return a text as a literal of Python, in double quotes where it can be."""
    literal = repr(text)
    return f'"{text}"' if literal == f"'{text}'" and '"' not in text else literal
