"""From a subject and its predicate to sentences: the frames of ``frames.tsv``."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .elision import elide, tidy
from .french import takes_indefinite_object
from .subjects import Subject
from .tables import Entry, read

Pair = tuple[str, str]
"""An English sentence and its French counterpart."""

PLAIN = "plain"
NOT = "not"
_AFFIRMED = "affirmed"

ETRE = ("suis", "es", "est", "sommes", "êtes", "sont")
AVOIR = ("ai", "as", "a", "avons", "avez", "ont")
ALLER = ("vais", "vas", "va", "allons", "allez", "vont")


@dataclass(frozen=True)
class Frame(Entry):
    """What a sentence puts around its predicate."""

    table = "frames"
    groups: str
    french: str
    english: str
    who: str


def basic_and(frames: str) -> str:
    """Add the frames that go without saying: plain, and not unless the column bars it."""
    basic = PLAIN if _AFFIRMED in frames.split() else f"{PLAIN} {NOT}"
    return f"{basic} {frames}"


@dataclass(frozen=True)
class Clause:
    """A subject and what is said about it, before a frame makes a sentence of it.

    Attributes:
        subject: who.
        verb: the French verb, in the form of the subject, with its pronouns.
        french: the rest of the French predicate; may be empty.
        english: what follows the English to be.
        frames: groups of frames that it takes, separated by spaces.
        contracted: ``I'm`` rather than ``I am``.
        transitive: the rest may be a direct object, whose un, du, des … ne … pas turns into de;
            such a clause is not negated. After être nothing changes ("pas un menteur").
    """

    subject: Subject
    verb: str
    french: str
    english: str
    frames: str
    contracted: bool = True
    transitive: bool = False

    def sentences(self) -> Iterator[Pair]:
        """Yield the clause in each of its frames."""
        affirmative = self.transitive and takes_indefinite_object(self.french)
        for frame in _frames(self.frames):
            negated = " ne " in frame.french
            if self.subject.meets(frame.who) and not (affirmative and negated):
                yield self._in_frame(frame)

    def _in_frame(self, frame: Frame) -> Pair:
        french, english = map(self.subject.refer_back, (self.french, self.english))
        be = self.subject.contracted if self.contracted else self.subject.full
        return (
            tidy(frame.english.format(be=be, X=english)),
            tidy(elide(frame.french.format(S=self.subject.pronoun, V=self.verb, X=french))),
        )


@cache
def _frames(groups: str) -> list[Frame]:
    wanted = set(groups.split())
    return [frame for frame in read(Frame) if not wanted.isdisjoint(frame.groups.split())]
