"""Number words from 1 to 99."""

from .entries import Numeral
from .tables import read

_FRENCH = {int(numeral.number): numeral.french for numeral in read(Numeral)}
_ENGLISH = {int(numeral.number): numeral.english for numeral in read(Numeral)}


def french(number: int) -> str:
    """Return a number in French words, as before a masculine noun.

    >>> french(21), french(71), french(80), french(81)
    ('vingt et un', 'soixante et onze', 'quatre-vingts', 'quatre-vingt-un')
    """
    if number in _FRENCH:
        return _FRENCH[number]
    # soixante and quatre-vingt count on to nineteen.
    tens = number // 10 * 10 - (10 if number > 70 and number // 10 % 2 else 0)
    joint = " et " if number % 10 == 1 and number < 80 else "-"
    return f"{_FRENCH[tens].removesuffix('s')}{joint}{_FRENCH[number - tens]}"


def english(number: int) -> str:
    """Return a number in English words.

    >>> english(9), english(40), english(77)
    ('nine', 'forty', 'seventy-seven')
    """
    if number in _ENGLISH:
        return _ENGLISH[number]
    return f"{_ENGLISH[number // 10 * 10]}-{_ENGLISH[number % 10]}"
