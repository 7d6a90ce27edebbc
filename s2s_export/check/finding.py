"""Findings of the check, and the rules that they come from.

Each module of ``check`` has some rules and a function that yields its findings. Standard library
only.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
"""``error``: wrong numbers, or the file cannot be used. ``warning``: it works in part, or not as a
step of a decoding loop should. ``note``: good to know."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The worst first."""


@dataclass(frozen=True)
class Finding:
    """Something in a file that its user should know.

    Attributes:
        rule: name of the rule; stable.
        severity: how bad it is.
        place: the node, input or weight.
        found: what is there.
        why: the reason why it matters.
        remedy: what to do about it.
    """

    rule: str
    severity: Severity
    place: str
    found: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Rule:
    """A kind of finding.

    Attributes:
        name: stable, for programs that read the JSON.
        why: the reason why it matters.
        remedy: what to do about it.
    """

    name: str
    why: str
    remedy: str

    def finding(self, severity: Severity, place: str, found: str) -> Finding:
        """Return a finding of this rule."""
        return Finding(self.name, severity, place, found, self.why, self.remedy)
