"""Every error that this project raises on purpose, as one family.

Both worlds use it: the torch-free run time, and training and export.

    S2SError                        exit  also is a
    ├── TextError                     1   ValueError         the text cannot be translated
    │   ├── InputTypeError            1   TypeError          … it is not a str
    │   ├── UnknownWordError          1                      … it has words the model never saw
    │   ├── TextTooLongError          1                      … it has too many tokens
    │   └── MalformedTextError        1                      … it holds half a character
    ├── OptionError                   2   ValueError         an option has a wrong value
    ├── NonFiniteError                1   ArithmeticError    a graph or a loss is NaN or infinity
    ├── StoppedError                128+  InterruptedError   a signal stopped training, saved
    ├── ArtefactError                 3   ValueError         a folder or file cannot be used
    │   ├── ArtefactNotFoundError     3   FileNotFoundError  … it is not there
    │   ├── IntegrityError            3                      … its bytes are not the recorded ones
    │   ├── ManifestError             3                      … its manifest is not valid
    │   ├── VocabularyError           3                      … its vocabulary is not valid
    │   ├── SpecError                 3                      … a step's description is not valid
    │   ├── ModuleError               3                      … its module breaks the contract
    │   ├── GraphError                3                      … its graph breaks the contract
    │   ├── CheckpointError           3                      … its checkpoint is not valid
    │   ├── RunInUseError             3                      … another training writes it
    │   ├── OutputError               3   OSError            … it cannot be written or replaced
    │   ├── HubError                  3   OSError            … the Hub does not give or take it
    │   └── ParityError               3                      … the exported graphs differ
    ├── DataError                     4   ValueError         the training data cannot be used
    │   ├── DataNotFoundError         4   FileNotFoundError  … it is not there
    │   └── DataFormatError           4                      … a line of it is not a pair
    └── ProviderError                 5   RuntimeError       the device asked for is not available
        └── RuntimeMissingError       5   ImportError        … a package it needs is missing

A message says where, the expected value, the value found, and what to do next. Commands exit with
the error's ``exit_code``. A wrong option is the parser's business and exits 2.
"""

from collections.abc import Sequence


class S2SError(Exception):
    """Base of all errors of this project."""

    exit_code: int = 1


class TextError(S2SError, ValueError):
    """The text given cannot be translated.

    Attributes:
        index: which one it is of several texts, counted from 0; ``None`` for a single one.
    """

    index: int | None = None


class InputTypeError(TextError, TypeError):
    """The object given as a text is not a ``str``."""


class UnknownWordError(TextError):
    """The text has words that are not in the vocabulary.

    Attributes:
        words: all of them, in the order of the text, each once.
        of: ``text``, or the ``prefix`` or ``target`` that has them instead.
    """

    def __init__(self, words: Sequence[str], of: str = "text") -> None:
        self.words = tuple(words)
        self.of = of
        listed = ", ".join(repr(word) for word in self.words)
        noun, pronoun = ("word", "it") if len(self.words) == 1 else ("words", "them")
        super().__init__(
            f"{'' if of == 'text' else f'{of}: '}unknown {noun}: {listed}; the model was not "
            f"trained on {pronoun}: rephrase, or train on pairs that contain {pronoun}"
        )

    def __reduce__(self) -> tuple[type["UnknownWordError"], tuple[tuple[str, ...], str]]:
        # The default would call the class with the message instead of the words.
        return type(self), (self.words, self.of)


class TextTooLongError(TextError):
    """The text is longer than any that the model was trained on.

    Attributes:
        length: of the text; its tokens are words, punctuation and the end mark.
        limit: the most that the model takes.
        unit: ``tokens`` or ``characters``.
        of: ``text``, or the ``prefix`` or ``target`` that is too long instead.
    """

    def __init__(self, length: int, limit: int, unit: str = "tokens", of: str = "text") -> None:
        self.length = length
        self.limit = limit
        self.unit = unit
        self.of = of
        remedy = "split it into shorter sentences" if of == "text" else "shorten it"
        super().__init__(f"the {of} has {length} {unit}, the model takes at most {limit}: {remedy}")

    def __reduce__(self) -> tuple[type["TextTooLongError"], tuple[int, int, str, str]]:
        return type(self), (self.length, self.limit, self.unit, self.of)


class MalformedTextError(TextError):
    """The text is no sequence of characters: it holds half of one."""


class OptionError(S2SError, ValueError):
    """An option has a value that it cannot have."""

    exit_code: int = 2


class NonFiniteError(S2SError, ArithmeticError):
    """A graph or a loss is NaN or infinity; argmax would turn it into fluent nonsense."""


class StoppedError(S2SError, InterruptedError):
    """A signal stopped a training after a whole step; its checkpoint is saved.

    Attributes:
        exit_code: 128 and the signal's number: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number

    def __reduce__(self) -> tuple[type["StoppedError"], tuple[str, int]]:
        return type(self), (str(self), self.signal_number)


class ArtefactError(S2SError, ValueError):
    """An exported folder, a run folder or a file of one cannot be used."""

    exit_code: int = 3


class ArtefactNotFoundError(ArtefactError, FileNotFoundError):
    """The folder, or a file that belongs in it, is not there."""


class IntegrityError(ArtefactError):
    """A file's size or sha256 is not the one that the manifest records."""


class ManifestError(ArtefactError):
    """``manifest.json`` cannot be read, or says something that it may not say."""


class VocabularyError(ArtefactError):
    """A vocabulary file is not one token a line, each once, in UTF-8."""


class SpecError(ArtefactError):
    """The description of an encoder step or a decoder step breaks the contract."""


class ModuleError(ArtefactError):
    """A PyTorch module does not keep the contract of its step, or a tool cannot export it."""


class GraphError(ArtefactError):
    """A graph does not keep the contract of an encoder step or a decoder step."""


class CheckpointError(ArtefactError):
    """A checkpoint cannot be read, or has other fields than this release expects."""


class RunInUseError(ArtefactError):
    """Another training writes the run folder."""


class OutputError(ArtefactError, OSError):
    """The result cannot be written where it was asked for."""


class HubError(ArtefactError, OSError):
    """The Hub cannot be reached, or does not give or take a repository."""


class ParityError(ArtefactError):
    """The exported graphs do not decode as eager PyTorch does; nothing is published."""


class DataError(S2SError, ValueError):
    """The training data cannot be used."""

    exit_code: int = 4


class DataNotFoundError(DataError, FileNotFoundError):
    """The data file is not there."""


class DataFormatError(DataError):
    """A line of the data file is not a pair; the message names it."""


class ProviderError(S2SError, RuntimeError):
    """The device, or the execution provider behind it, is not available."""

    exit_code: int = 5


class RuntimeMissingError(ProviderError, ImportError):
    """A package that is needed for this is not installed."""
