"""The built-in training data and its generator: size, shape, French, English, the data file."""

import ast
import gzip
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from phrasebook import phrasebook
from phrasebook.__main__ import main
from s2s_export.text.normalizers import normalize_tutorial
from training.data.corpus import select_pairs
from training.data.pairs_file import RawPairs
from training.data.phrasebook import phrasebook as committed_pairs
from training.recipes.selection import Selection

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "training/data/phrasebook.tsv.gz"
PAIRS = phrasebook()
NORMALIZED = [
    (normalize_tutorial(english), normalize_tutorial(french)) for english, french in PAIRS
]

SENTENCES = dict(
    line.split(" = ")
    for line in """\
Je suis en retard. = I'm late.
J'ai froid. = I am cold.
Elle a raison. = She is right.
Ils sont en train de préparer le dîner. = They're making dinner.
Nous sommes très fatigués. = We're very tired.
Elles sont prêtes à partir. = They're ready to leave.
""".splitlines()
)
"""Pairs that the documentation shows."""

# Masculine, feminine, their plurals: of adjectives and nouns after être.
AGREEMENT = """\
vieux vieille vieux vieilles; beau belle beaux belles
gentil gentille gentils gentilles; actif active actifs actives
jaloux jalouse jaloux jalouses; amoureux amoureuse amoureux amoureuses
inquiet inquiète inquiets inquiètes; discret discrète discrets discrètes
fou folle fous folles; roux rousse roux rousses
gros grosse gros grosses; malin maligne malins malignes
franc franche francs franches; mignon mignonne mignons mignonnes
loyal loyale loyaux loyales; amical amicale amicaux amicales
cruel cruelle cruels cruelles; fier fière fiers fières
sportif sportive sportifs sportives; naïf naïve naïfs naïves
travailleur travailleuse travailleurs travailleuses; heureux heureuse heureux heureuses
têtu têtue têtus têtues; poli polie polis polies
assis assise assis assises; mort morte morts mortes
surpris surprise surpris surprises; fatigué fatiguée fatigués fatiguées
prêt prête prêts prêtes; honnête honnête honnêtes honnêtes
grec grecque grecs grecques; turc turque turcs turques
français française français françaises; coréen coréenne coréens coréennes
italien italienne italiens italiennes; belge belge belges belges
acteur actrice acteurs actrices; directeur directrice directeurs directrices
serveur serveuse serveurs serveuses; chanteur chanteuse chanteurs chanteuses
boulanger boulangère boulangers boulangères; infirmier infirmière infirmiers infirmières
espion espionne espions espionnes; avocat avocate avocats avocates
veuf veuve veufs veuves; musicien musicienne musiciens musiciennes
ingénieur ingénieure ingénieurs ingénieures; médecin médecin médecins médecins
dentiste dentiste dentistes dentistes
"""

ASPIRATED = "hongr|holl|héros|honte|haricot|hockey|homard|hand|hamac|haie|haut|hache|huit"
NOT_FRENCH = {
    "a vowel that is not elided": r"\b(je|ne|me|te|se|le|la|de|que) "
    rf"(?!{ASPIRATED})[aeiouâéèêîôh]",
    "an elision before a consonant or an aspirated h": rf"'(?![aeiouyâéèêîôh])|'({ASPIRATED})",
    "an article that negation turns into de": r"\bpas (manger|boire|prendre|vendre|couper) "
    r"(une?|du|des|de la) ",
    "a plural in -eus, -als or -eaus": r"\w(?<!bl)(eus|als|eaus)\b",
    "à or de not contracted": r"\b(à|de) les? ",
    "si before il": r"\bsi ils?\b",
    "a feminine possessive before a vowel": r"\b(ma|ta|sa) [aeiouâéèêîôh]",
    "a feminine country with au": r"\bau (france|italie|espagne|chine|suisse|grèce|russie)\b",
    "a masculine country with en": r"\ben (japon|canada|portugal|mexique|brésil|maroc|états)\b",
    "another's reflexive pronoun": r"^je .* train de [ts](e |')|^tu .* train de [ms](e |')"
    r"|^(il|elle)s? .* train de [mt](e |')",
    "a participle of the wrong gender": r"^elles? .*\b(fatigués?|prêts?|assis|mariés?|contents?)\b",
    "a plural without its s": r"^(ils|elles) sont \w*(é|ée|eur|ien|ienne)\.$",
    "a wrong space": r"\S[!?]| \.|  ",
}
NOT_ENGLISH = {
    "a before a vowel": r"\ba (?!uni|use|euro|one)[aeiou]|\ba (hour|hon|heir)",
    "an before a consonant": r"\ban (?![aeiou]|hour|hon|heir)",
    "a wrong -ing form": r"\b(lieing|dieing|runing|makeing|swiming|siting|geting|planing|huging)\b",
    "an article before a plural": r"\b(We're|They're|We are|They are)( not| also)? an? \w+s\.",
    "an unfilled place or a gap": r"[{}/]|  | \.",
}

GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""Deflate, no flags (so no file name), no time, best compression, no operating system."""


def occurrences(column: int) -> Counter[str]:
    return Counter(word for pair in NORMALIZED for word in set(pair[column].split()))


def test_size() -> None:
    assert 12_000 <= len(PAIRS) <= 16_000
    assert len(occurrences(1)) >= 2_200
    assert len(occurrences(0)) >= 1_150


@pytest.mark.parametrize("column", [0, 1])
def test_each_word_occurs_in_several_sentences(column: int) -> None:
    counts = occurrences(column)
    assert [word for word, count in counts.items() if count < 4] == []


def test_no_duplicates_and_one_translation_for_each_source() -> None:
    assert len(set(PAIRS)) == len(PAIRS)
    assert len({french for _, french in NORMALIZED}) == len(NORMALIZED)


def test_each_pair_passes_the_filter() -> None:
    kept, dropped = select_pairs(RawPairs.of_columns("x", PAIRS).pairs, Selection())
    assert (len(kept), dropped.total()) == (len(PAIRS), 0)


def test_only_letters_that_the_normalization_keeps() -> None:
    allowed = re.compile(r"[a-zàâçéèêëîïôùû' .!?-]+", re.IGNORECASE)
    assert [pair for pair in PAIRS if not all(map(allowed.fullmatch, pair))] == []


def test_sentences_start_with_a_capital_and_end_with_the_same_mark() -> None:
    assert all(english[0].isupper() and french[0].isupper() for english, french in PAIRS)
    assert all(english[-1] == french[-1] and english[-1] in ".!?" for english, french in PAIRS)


def test_subjects_are_consistent() -> None:
    starts = {"Je ": "I'm", "Tu ": "You're", "Il ": "He is", "Elle ": "She is"}
    starts |= {"Nous ": "We're", "Vous ": "You're", "Ils ": "They're", "Elles ": "They're"}
    idiom = re.compile(r"(J'|(Je|Tu|Il|Elle|Nous|Vous|Ils|Elles) )(n')?(ai|as|a|avons|avez|ont) ")
    for english, french in PAIRS:
        if idiom.match(french):
            assert re.match(r"(I am|You are|He is|She is|We are|They are) ", english)
        elif not french.startswith("J'"):
            subject = french.partition(" ")[0] + " "
            assert english.startswith(starts[subject] + " ")


@pytest.mark.parametrize("french", SENTENCES)
def test_shown_sentences(french: str) -> None:
    assert (SENTENCES[french], french) in PAIRS


SUBJECTS_OF_FORMS = ("Je|Tu|Il|Vous", "Je|Tu|Elle|Vous", "Nous|Vous|Ils", "Nous|Vous|Elles")
THIRD_PERSONS = ("Il est", "Elle est", "Ils sont", "Elles sont")


@pytest.mark.parametrize("line", re.split(r"; |\n", AGREEMENT.strip()))
def test_agreement(line: str) -> None:
    forms = line.split()
    sentences = "\n".join(french for _, french in PAIRS)
    for form, subjects in zip(forms, SUBJECTS_OF_FORMS, strict=True):
        assert re.search(rf"^({subjects}) .*\b{form}\b", sentences, re.MULTILINE)
    for right, subject in zip(forms, THIRD_PERSONS, strict=True):
        for wrong in set(forms) - {right}:
            assert f"{subject} {wrong}." not in sentences


@pytest.mark.parametrize("fault", NOT_FRENCH)
def test_french_lacks_wrong_forms(fault: str) -> None:
    pattern = re.compile(NOT_FRENCH[fault], re.IGNORECASE)
    assert [french for _, french in PAIRS if pattern.search(french)] == []


@pytest.mark.parametrize("fault", NOT_ENGLISH)
def test_english_lacks_wrong_forms(fault: str) -> None:
    pattern = re.compile(NOT_ENGLISH[fault])
    assert [english for english, _ in PAIRS if pattern.search(english)] == []


TSV = "".join(f"{english}\t{french}\n" for english, french in PAIRS).encode()
COMMAND = [sys.executable, "-m", "phrasebook"]


def run(**environment: str) -> bytes:
    return subprocess.run(
        COMMAND, env=os.environ | environment, stdout=subprocess.PIPE, check=True
    ).stdout


def test_the_command_prints_the_pairs_in_each_process_and_locale() -> None:
    assert run(PYTHONHASHSEED="1") == TSV
    assert run(PYTHONHASHSEED="2", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") == TSV


def test_the_command_writes_a_gzip_file_without_time_or_name(tmp_path: Path) -> None:
    file = tmp_path / "pairs.tsv.gz"
    printed = subprocess.run([*COMMAND, "--write", file], stdout=subprocess.PIPE, check=True).stdout
    assert (printed, gzip.decompress(file.read_bytes())) == (b"", TSV)
    assert file.read_bytes()[:10] == GZIP_HEADER


def test_the_committed_file_is_what_the_generator_makes() -> None:
    content = COMMITTED.read_bytes()
    # Header and text are compared, not the compressed bytes: those depend on the version of zlib.
    assert content[:10] == GZIP_HEADER
    assert gzip.decompress(content).splitlines(keepends=True) == TSV.splitlines(keepends=True)


def test_training_reads_the_pairs_that_the_generator_makes() -> None:
    assert committed_pairs() == PAIRS


def imported_packages(path: Path) -> set[str]:
    """Return the first names of a module's absolute imports, wherever in it they stand."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.append(node.module)
    return {name.partition(".")[0] for name in names}


def test_no_module_imports_the_generator() -> None:
    assert "phrasebook" in imported_packages(Path(__file__))
    packages = ("s2s_export", "training", "benchmarks")
    modules = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    assert ROOT / "training/data/phrasebook.py" in modules
    assert [path for path in modules if "phrasebook" in imported_packages(path)] == []


def test_the_command_reports_a_file_it_cannot_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="3"):
        main(["--write", str(tmp_path / "missing" / "pairs.tsv.gz")])
    assert re.fullmatch(r"error: .*No such file.*missing.*\n", capsys.readouterr().err)


def test_the_command_stops_quietly_when_its_reader_does() -> None:
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
