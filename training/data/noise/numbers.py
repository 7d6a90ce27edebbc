"""Number noise: the same sentence with other numbers, on both sides."""

import random
import re

from ..pairs_file import TextPair

_NUMBER = re.compile(r"[0-9]+")


def holds_same_numbers(texts: TextPair) -> bool:
    """Tell whether both sides have numbers in digits, and the same ones."""
    numbers = sorted(_NUMBER.findall(texts.source))
    return bool(numbers) and numbers == sorted(_NUMBER.findall(texts.target))


def with_other_numbers(texts: TextPair, generator: random.Random) -> TextPair:
    """Return a pair with a random number of as many digits for each number.

    A number that is repeated, on either side, is replaced by the same one everywhere.

    Args:
        texts: a pair with the same numbers on both sides.
        generator: decides.
    """
    numbers = dict.fromkeys(_NUMBER.findall(texts.source))
    others = {number: _other_number(number, generator) for number in numbers}

    def replaced(text: str) -> str:
        return _NUMBER.sub(lambda match: others[match[0]], text)

    return TextPair(replaced(texts.source), replaced(texts.target))


def _other_number(number: str, generator: random.Random) -> str:
    """Return a number of as many digits; it begins with 0 where the other does."""
    first = "0" if number[0] == "0" else generator.choice("123456789")
    return first + "".join(generator.choice("0123456789") for _ in number[1:])
