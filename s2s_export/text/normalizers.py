"""Normalizers: raw text to tokens between single spaces.

The text modes are made of them, in training as at run time. Standard library only.
"""

import re
import unicodedata

_SENTENCE_MARK = re.compile(r"([.!?])")
_NEITHER_LETTER_NOR_MARK = re.compile(r"[^a-zA-Z.!?]+")

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\uff07", "'"))
_WORD_CHARACTERS = "'\u200c\u200d"
_LOOSE_APOSTROPHE = re.compile(r"(?<!\S)'+|'+(?!\S)|''+")


def normalize_tutorial(text: str) -> str:
    """Normalize as the tutorial does: only the letters a–z, ``.``, ``!`` and ``?`` are left.

    Lower case; canonical decomposition (NFD) without its nonspacing marks, so that é becomes e;
    a space before each sentence mark; anything else becomes one space. A letter without a canonical
    decomposition (œ, æ, ß, ı) becomes a space too: ``"sœur"`` gives ``"s ur"``.

    Args:
        text: any text.

    Returns:
        Tokens separated by single spaces; ``""`` where nothing is left.

    Source:
        ``normalizeString`` of the PyTorch tutorial "NLP From Scratch: Translation with a Sequence
        to Sequence Network and Attention".
    """
    decomposed = unicodedata.normalize("NFD", text.lower().strip())
    unmarked = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    spaced = _SENTENCE_MARK.sub(r" \1", unmarked)
    return _NEITHER_LETTER_NOR_MARK.sub(" ", spaced).strip()


def normalize_unicode(text: str) -> str:
    """Normalize text of any script: letters and their marks are kept, whatever the language.

    Lower case; canonical composition (NFC), so that composed and decomposed accents agree; letters,
    marks, tone letters, digits and other numbers are kept, the apostrophe inside a word (’ and '
    are one) and the joiners U+200C and U+200D between letters; each punctuation mark, currency sign
    and mathematical sign becomes a token of its own, and so does each letter, with its marks, of
    the scripts that put no spaces between words; control characters, zero-width and directional
    ones vanish; anything else (emoji, say) becomes a space.

    Args:
        text: any text.

    Returns:
        Tokens separated by single spaces; ``""`` where nothing is left. Normalizing the result
        changes nothing.
    """
    composed = unicodedata.normalize("NFC", visible(text, kept=JOINERS).translate(_APOSTROPHES))
    lowered = unicodedata.normalize("NFC", lower_case(composed))  # lower() can leave accents loose
    spaced = _JOINED.sub(_between_letters, "".join(map(_space_out, lowered)))
    composed = unicodedata.normalize("NFC", _LOOSE_APOSTROPHE.sub(" ", spaced))
    return " ".join(composed.split())


JOINERS = "\u200c\u200d"
"""Zero-width non-joiner and joiner: letters of many scripts' spelling."""
_JOINED = re.compile(f"[{JOINERS}]+")

_UNSPACED = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)),  # Thai and Lao, Myanmar, Khmer
    *((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),  # Hiragana and Katakana
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),  # Han
)
"""Blocks of scripts that put no spaces between words, first and last code point."""


def is_unspaced(character: str) -> bool:
    """Tell whether a character is of a script that puts no spaces between words."""
    return any(first <= ord(character) <= last for first, last in _UNSPACED)


_INVISIBLE = dict.fromkeys(
    (
        *(0xAD, 0x200B, 0x200E, 0x200F, 0xFEFF),
        *(*range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A)),
    )
)
"""Soft hyphen, zero-width space, word joiners, directional marks, byte order mark. The joiners
U+200C and U+200D are letters of many scripts' spelling and stay."""


def clean(text: str) -> str:
    """Return a text in the form that the exact modes keep.

    Canonical composition (NFC); control characters, soft hyphens, zero-width spaces, word joiners
    and directional marks vanish; each stretch of white space becomes one space, none at the ends.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = "".join(
        c for c in text.translate(_INVISIBLE) if c.isspace() or unicodedata.category(c) != "Cc"
    )
    return " ".join(unicodedata.normalize("NFC", kept).split())


def lower_case(text: str) -> str:
    """Return a text in lower case, without the loose dot that ``İ`` leaves."""
    return text.replace("\u0130", "i").lower()


def fold(text: str) -> str:
    """Return a text as a side with folded case reads it: in lower case, with straight apostrophes.

    ``L’École`` and ``l'école`` are one text to the model.
    """
    return lower_case(text).translate(_APOSTROPHES)


def visible(text: str, *, kept: str = "") -> str:
    """Return a text without control, zero-width and directional characters; white space stays.

    Args:
        text: any text.
        kept: characters that stay whatever they are.
    """
    if text.isprintable():
        return text
    return "".join(
        c for c in text if c.isspace() or c in kept or unicodedata.category(c) not in ("Cc", "Cf")
    )


def _between_letters(joiners: re.Match[str]) -> str:
    """Return joiners that stand between letters with their marks, else nothing."""
    text, start, end = joiners.string, *joiners.span()
    neighbours = text[max(start - 1, 0) : start], text[end : end + 1]
    inside = all(n and unicodedata.category(n)[0] in "LM" for n in neighbours)
    return joiners[0] if inside else ""


def _space_out(character: str) -> str:
    """Replace a character for ``normalize_unicode``."""
    category = unicodedata.category(character)
    if category[0] == "L" and is_unspaced(character):
        return f" {character}"
    if category[0] in "LMN" or character in _WORD_CHARACTERS:
        return character
    if category == "Sk" and character >= "\u02c2":  # a tone letter (˧), not an ASCII ^
        return character
    return f" {character} " if category[0] == "P" or category in ("Sc", "Sm") else " "
