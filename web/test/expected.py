"""The Python side of the reader's tests: what the package makes of texts, as JSON for Node.

    python web/test/expected.py cases --out FOLDER
    python web/test/expected.py texts --model exported --texts pairs.tsv --out expected.jsonl

``cases`` writes everything that ``node --test`` compares; it needs nothing but the checkout.
``texts`` writes the translations of many texts, for ``many_texts.js``.
"""

import argparse
import json
import random
import sys
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from s2s_export import Translator
from s2s_export.decoding.hypotheses import Hypothesis
from s2s_export.decoding.options import SearchOptions
from s2s_export.errors import TextError
from s2s_export.folder.reader import Precision
from s2s_export.folder.text_side import read_text_side
from s2s_export.text.modes import TEXT_MODES, text_mode
from s2s_export.text.vocabulary import EOS
from training.data.phrasebook import phrasebook

ROOT = Path(__file__).parents[2]
FOLDERS = (*sorted((ROOT / "tests/fixtures").glob("tiny*/")), ROOT / "exported")
SEED = 20240229
_PHRASES, _RANDOM = 20_000, 5_000
_ENCODED, _TRANSLATED = 3_000, 60

_ALPHABETS = (
    "abcdefgh ijklmnop qrstuvwxyz",
    "AÉÇŒÆßıİI ΑΣσς ǅǄ ﬁ ŉ ẞ",
    "e\u0301a\u0308c\u0327 o\u0323\u0302 ",
    "กขคไทย ກຂ မြန် ខ្មែរ ",
    "日本語かなカナｶﾅ々〇一二三漢 𠀀𠮷",
    "\u0e00\u0eff\u0f00\u0fff\u1000\u109f\u10a0\u177f\u1780\u17ff\u1800\u303f\u3040\u30ff",
    "\u3105\u31e3\u31f0\u31ff\uff65\uff66\uff9f\uffa1\u33ff\u3400\u4dbf\u4dc0\u4e00\u9fff",
    "\ua000\uf900\ufaff\ufb00\U0001fa00\U00020000\U0002fa1d\U00030000\U0003134a",
    "aaa eee lll nnn sss ttt ooo",
    "한국어 \u1100\u1161\u11a8\ud55c ",
    "नमस्ते\u200d\u200c க்ஷ میخواهم\u200c ",
    "''’‘＇ ` \" -–—…«»?!.,;:()[]",
    "0123456789 ½²Ⅷ٣१ +=<>€$£¥ ^˧˨ ¨",
    "😀👩\u200d👩\u200d👧🏽🇫🇷\ufe0f ",
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85 \xa0\u1680\u2003\u2028\u2029\u3000",
    "\x00\x07\x7f\x9f\xad\u200b\u200e\u200f\u202a\u202e\u2060\u2064\u2066\u2069\ufeff\U000e0041",
)


def texts() -> list[str]:
    """Return seeded texts: 20,000 of the phrasebook, as people type them, and 5,000 random ones."""
    rng = random.Random(SEED)
    pairs = phrasebook()
    sides = list(dict.fromkeys(text for pair in pairs for text in pair))
    phrases = [_typed(text, rng) for text in rng.sample(sides, k=min(_PHRASES, len(sides)))]
    assert len(phrases) == _PHRASES, len(phrases)
    return [*phrases, *(_random_text(rng) for _ in range(_RANDOM))]


def _typed(text: str, rng: random.Random) -> str:
    kind = rng.randrange(10)
    typed = {
        0: text.upper(),
        1: text.replace("'", "\u2019"),
        2: unicodedata.normalize("NFD", text),
        3: text.title(),
        4: f"  {text}\u00a0\n",
    }
    return typed.get(kind, text)


def _random_text(rng: random.Random) -> str:
    chosen = rng.sample(_ALPHABETS, k=rng.randint(1, 3))
    return "".join(
        # One in twelve is any code point at all, assigned or not.
        _any_character(rng) if rng.random() < 1 / 12 else rng.choice(rng.choice(chosen))
        for _ in range(rng.randint(0, 40))
    )


def _any_character(rng: random.Random) -> str:
    number = rng.randrange(0x110000 - 0x800)
    return chr(number if number < 0xD800 else number + 0x800)


def unicode_table() -> dict[str, Any]:
    """Return what this Python knows of each code point, as runs of equal properties."""
    runs: list[tuple[int, str]] = []
    changed: dict[str, list[str]] = {}
    for number in range(0x110000):
        character = chr(number)
        # str.isalnum is a letter or a number; isnumeric also holds for some letters of Han.
        properties = (
            f"{unicodedata.category(character)}"
            f"{' space' * character.isspace()}{' alnum' * character.isalnum()}"
        )
        if not runs or runs[-1][1] != properties:
            runs.append((number, properties))
        if 0xD800 <= number < 0xE000:
            continue
        forms = [character.lower(), *(unicodedata.normalize(f, character) for f in ("NFC", "NFD"))]
        if forms != [character] * 3:
            changed[character] = forms
    version = unicodedata.unidata_version
    return {"version": version, "python": sys.version.split()[0], "runs": runs, "changed": changed}


def write_cases(out: Path) -> None:
    """Write all that ``node --test`` compares."""
    out.mkdir(parents=True, exist_ok=True)
    all_texts = texts()
    (out / "unicode.json").write_text(json.dumps(unicode_table()))
    _write_lines(out / "texts.jsonl", all_texts)
    shipped = ROOT / "exported"
    merges = read_text_side(
        "source", Translator(shipped).manifest, lambda name: (shipped / name).read_bytes()
    ).mode.merges
    for name in TEXT_MODES:
        for fold_case in (False, True):
            mode = text_mode(
                name, merges=merges if name == "natural" else None, fold_case=fold_case
            )
            split = [mode.tokens(text) for text in all_texts]
            lines = ([tokens, mode.text(tokens)] for tokens in split)
            _write_lines(out / f"tokens-{name}{'-folded' * fold_case}.jsonl", lines)
    rng = random.Random(SEED)
    encoded = rng.sample(all_texts, k=_ENCODED)
    translated = rng.sample(all_texts[:_PHRASES], k=_TRANSLATED)
    (out / "folders.json").write_text(json.dumps([*_folder_cases(encoded, translated)]))


def _folder_cases(encoded: list[str], translated: list[str]) -> Iterator[dict[str, Any]]:
    for path in FOLDERS:
        translator = Translator(path)
        yield {
            "folder": path.relative_to(ROOT).as_posix(),
            "encodings": [[text, *_encoding(translator, text)] for text in encoded],
            "skipped": [
                [text, *_encoding(Translator(path, unknown_words="skip"), text)]
                for text in encoded[:50]
            ],
            "translations": {
                precision: [
                    _translation(Translator(path, precision=precision), t) for t in translated
                ]
                for precision in get_args(Precision)
                if precision == "fp32" or translator.manifest.int8 is not None
            },
            "attention": _attention(translator, translated[:10]),
        }


def _encoding(translator: Translator, text: str) -> list[Any]:
    """Return the ids and the unknown tokens of a text, or the name of its error."""
    try:
        encoding = translator.source.encode(text)
    except TextError as error:
        return [type(error).__name__, []]
    return [encoding.ids, encoding.unknown_tokens]


def _translation(translator: Translator, text: str, beams: bool = True) -> dict[str, Any]:
    """Return a text's greedy translation, and its beams with two length penalties."""
    ids, unknown = _encoding(translator, text)
    case: dict[str, Any] = {"text": text, "ids": ids, "unknown": unknown, "translation": None}
    if not ids or isinstance(ids, str):
        return case
    case["translation"] = translator.translate(text)
    searches = [(1, 1.0), (4, 1.0), (5, 0.4)] if beams else [(1, 1.0)]
    case["searches"] = []
    for size, penalty in searches:
        search = SearchOptions(size, size, penalty)
        [found] = translator.pipeline.decode_n_best([ids], search)
        case["searches"].append(
            {"beamSize": size, "lengthPenalty": penalty, "hypotheses": [*map(_hypothesis, found)]}
        )
    return case


def _hypothesis(hypothesis: Hypothesis) -> dict[str, Any]:
    return {"ids": hypothesis.with_eos(EOS), "logProbs": hypothesis.log_probs}


def _attention(translator: Translator, translated: list[str]) -> list[Any] | None:
    """Return the attention of texts in one batch; ``None`` where the model has none."""
    if not translator.pipeline.has_attention:
        return None
    usable = [t for t in translated if not isinstance(_encoding(translator, t)[0], str)]
    found = translator.translate_batch(usable, attention=True)
    return [
        [text, t.attention and [t.attention.source, t.attention.weights.tolist()]]
        for text, t in zip(usable, found, strict=True)
    ]


def write_texts(options: argparse.Namespace) -> None:
    """Write the translations of many texts of a file, one by one."""
    translator = Translator(options.model, precision=options.precision)
    chosen = [*dict.fromkeys(_column(options.texts, options.column))]
    # From the whole of the file: a corpus may be sorted by length.
    chosen = chosen[:: max(1, len(chosen) // options.count)][: options.count]
    _write_lines(options.out, (_translation(translator, t, options.beams) for t in chosen))


def _column(path: Path, column: int) -> Iterator[str]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            [name] = [n for n in archive.namelist() if n.endswith(".txt") and "about" not in n]
            content = archive.read(name).decode("utf-8")
    else:
        content = path.read_text(encoding="utf-8")
    for line in content.splitlines():
        yield line.split("\t")[column]


def _write_lines(path: Path, values: Iterable[object]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(value)}\n" for value in values)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    cases = commands.add_parser("cases")
    many = commands.add_parser("texts")
    many.add_argument("--model", type=Path, required=True)
    many.add_argument("--precision", choices=get_args(Precision), default="fp32")
    many.add_argument("--texts", type=Path, required=True, help="lines of columns between tabs")
    many.add_argument("--column", type=int, default=0)
    many.add_argument("--count", type=int, default=2_000)
    many.add_argument("--beams", action="store_true", help="also beams of 4 and 5")
    for command in (cases, many):
        command.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "cases":
        write_cases(options.out)
    else:
        write_texts(options)


if __name__ == "__main__":
    main()
