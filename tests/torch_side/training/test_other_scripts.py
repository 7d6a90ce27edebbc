"""From pairs of a non-Latin script to a folder that translates: the whole way."""

from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.export import main as export_main
from training.fit import main as fit_main

GREEK = [
    ("I am here.", "Είμαι εδώ."),
    ("I am not here.", "Δεν είμαι εδώ."),
    ("You are here.", "Είσαι εδώ."),
    ("You are not here.", "Δεν είσαι εδώ."),
    ("Where is the station?", "Πού είναι ο σταθμός;"),
    ("Where is the hotel?", "Πού είναι το ξενοδοχείο;"),
]
KOREAN = [
    ("I'm late.", "저는 늦었어요."),
    ("I'm busy.", "저는 바빠요."),
    ("I'm at home.", "저는 집에 있어요."),
    ("We're at home.", "우리는 집에 있어요."),
]


@pytest.mark.parametrize(
    ("pairs", "text", "translation"),
    [
        (GREEK, "ΠΟΎ ΕΊΝΑΙ Ο ΣΤΑΘΜΌΣ;", "where is the station ?"),
        (GREEK, "Δεν είσαι εδώ.", "you are not here ."),
        # The Hangul syllables taken apart (NFD) are the same words.
        (KOREAN, "저는 집에 있어요.", "i'm at home ."),
    ],
)
def test_pairs_of_another_script_are_trained_exported_and_translated(
    tmp_path: Path, pairs: list[tuple[str, str]], text: str, translation: str
) -> None:
    data, run, out = tmp_path / "pairs.tsv", tmp_path / "run", tmp_path / "exported"
    data.write_text("".join(f"{english}\t{other}\n" for english, other in pairs), encoding="utf-8")
    options = [
        *("--data", str(data), "--run", str(run), "--normalizer", "unicode", "--held-out", "0"),
        *("--no-prefix-filter", "--epochs", "150", "--batch-size", "2", "--hidden-size", "16"),
        *("--dropout", "0", "--word-dropout", "0"),
    ]
    assert fit_main(options) == 0
    assert export_main(["--run", str(run), "--out", str(out)]) == 0
    translator = Translator(out)
    assert (translator.manifest.source.text, translator.manifest.target.text) == ("unicode",) * 2
    assert translator.translate(text) == translation
