"""Text modes side by side: ``python -m benchmarks.text_modes --data data/fra-eng.zip``.

Trains ``--recipe attention`` on the tutorial's selection of pairs, once with the text mode
``tutorial`` and once for each number of subwords with ``natural``, with and without subword
dropout; and ``--recipe sentences``. All read the same training pairs, choose their epoch on a
twentieth of these, and are scored on the same other pairs, a tenth of the source sentences.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sacrebleu.metrics.bleu import BLEU

from s2s_export.text.normalizers import normalize_tutorial
from training.data.corpus import select_pairs, split_held_out
from training.data.pairs_file import read_pairs
from training.recipes.selection import Selection

_TRAINING, _SCORED = "training.tsv", "scored.tsv"
_SUBWORDS = (500, 2000, 5000)
_DROPOUTS = (0.0, 0.1)


@dataclass(frozen=True)
class Variant:
    """A recipe, and a way to split the texts.

    Attributes:
        name: of its runs.
        options: of ``training.fit``.
        cased: whether it writes capitals.
    """

    name: str
    options: tuple[str, ...]
    cased: bool = True


def variants() -> list[Variant]:
    """Return all variants, the tutorial's text first."""
    attention = ("--recipe", "attention")
    return [
        Variant("tutorial", (*attention, "--text", "tutorial"), cased=False),
        *(
            Variant(
                f"natural-{count}-{dropout}",
                (
                    *(*attention, "--text", "natural", "--subword-dropout", str(dropout)),
                    *("--source-subwords", str(count), "--target-subwords", str(count)),
                ),
            )
            for count in _SUBWORDS
            for dropout in _DROPOUTS
        ),
        Variant("sentences", ("--recipe", "sentences")),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is not trained yet, and print a row for each variant."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.text_modes", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="lines of English<TAB>French")
    parser.add_argument("--work", type=Path, default=Path("runs/text-modes"), help="runs go here")
    parser.add_argument("--only", nargs="+", help="names of the variants to train")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="a run for each")
    options = parser.parse_args(arguments)
    _write_pairs(options.data, options.work)
    chosen = [v for v in variants() if not options.only or v.name in options.only]
    for variant in chosen:
        for seed in options.seeds:
            if not _hypotheses(options.work, variant, seed).exists():
                _train(options.work, variant, seed)
    _print_table(options.work, chosen, options.seeds)
    return 0


def _write_pairs(data: Path, work: Path) -> None:
    """Write the pairs to train on and those to score, as they stand in the data."""
    if (work / _TRAINING).exists():
        return
    pairs, _ = select_pairs(read_pairs(data).pairs, Selection())
    work.mkdir(parents=True, exist_ok=True)
    for name, part in zip((_TRAINING, _SCORED), split_held_out(pairs, 0.1, seed=0), strict=True):
        lines = "".join(f"{pair.texts.target}\t{pair.texts.source}\n" for pair in part)
        (work / name).write_text(lines, encoding="utf-8")


def _hypotheses(work: Path, variant: Variant, seed: int) -> Path:
    return work / f"{variant.name}-{seed}" / "scored.hypotheses.tsv"


def _train(work: Path, variant: Variant, seed: int) -> None:
    hypotheses = _hypotheses(work, variant, seed)
    run = ["--run", str(hypotheses.parent)]
    fit = [sys.executable, "-m", "training.fit", *run, "--seed", str(seed), *variant.options]
    fit += ["--data", str(work / _TRAINING), "--no-prefix-filter", "--max-length", "0", "--force"]
    evaluate = [sys.executable, "-m", "training.evaluate", *run]
    evaluate += ["--data", str(work / _SCORED), "--hypotheses", str(hypotheses)]
    for command in (fit, evaluate):
        subprocess.run(command, check=True, stdout=sys.stderr)


def _print_table(work: Path, chosen: Sequence[Variant], seeds: Sequence[int]) -> None:
    references = _columns(work / _SCORED)
    translated = {
        (variant, seed): _columns(_hypotheses(work, variant, seed))
        for variant in chosen
        for seed in seeds
    }
    common = [s for s in references if all(s in found for found in translated.values())]
    print(f"{len(common)} of {len(references)} source sentences, those that every variant takes")
    print(f"{'':20} {'seed':>4} {'BLEU, cased':>12} {'BLEU, normalized':>17}")
    for (variant, seed), hypotheses in translated.items():
        pairs = [(hypotheses[source], references[source]) for source in common]
        cased = f"{_bleu(pairs):12.1f}" if variant.cased else f"{'-':>12}"
        normalized = [(normalize_tutorial(h), normalize_tutorial(r)) for h, r in pairs]
        bleu = _bleu(normalized, tokenize="none")
        print(f"{variant.name:20} {seed:4} {cased} {bleu:17.1f}")


def _columns(path: Path) -> dict[str, str]:
    """Read a text by source sentence: the first reference, or the hypothesis."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    if path.name == _SCORED:
        rows = [(" ".join(line[1].split()), " ".join(line[0].split())) for line in lines]
    else:
        rows = [(line[0], line[2]) for line in lines[1:]]
    return dict(reversed(rows))


def _bleu(pairs: Sequence[tuple[str, str]], tokenize: str = "13a") -> float:
    hypotheses, references = zip(*pairs, strict=True)
    score = BLEU(tokenize=tokenize, force=True).corpus_score(list(hypotheses), [list(references)])
    return float(score.score)


if __name__ == "__main__":
    sys.exit(main())
