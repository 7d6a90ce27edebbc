"""Text modes and vocabularies as both kinds of checkpoint hold them: strings and lists."""

from collections.abc import Mapping
from typing import Any

from s2s_export.text.bpe import Merges
from s2s_export.text.modes import text_mode
from s2s_export.text.vocabulary import Vocabulary

from ..data.encoding import Modes, Vocabularies
from ..recipes.selection import Selection


def text_state(modes: Modes, vocabularies: Vocabularies) -> dict[str, Any]:
    """Return what ``modes_from`` and ``vocabularies_from`` need beside the selection."""
    return {
        "source_words": list(vocabularies.source.words),
        "source_has_unk": vocabularies.source.unk is not None,
        "target_words": list(vocabularies.target.words),
        "source_merges": _merges_to_list(modes.source.merges),
        "target_merges": _merges_to_list(modes.target.merges),
    }


def modes_from(state: Mapping[str, Any], selection: Selection) -> Modes:
    """Make the text modes again."""
    return Modes(
        text_mode(
            selection.source_text,
            merges=_merges_from(state["source_merges"]),
            fold_case=selection.fold_case,
        ),
        text_mode(selection.target_text, merges=_merges_from(state["target_merges"])),
    )


def vocabularies_from(state: Mapping[str, Any], modes: Modes) -> Vocabularies:
    """Make the vocabularies again."""
    return Vocabularies(
        Vocabulary(
            state["source_words"],
            unk=state["source_has_unk"],
            word_forms=modes.source.has_word_forms,
        ),
        Vocabulary(state["target_words"]),
    )


def _merges_to_list(merges: Merges | None) -> list[list[str]] | None:
    return None if merges is None else [list(pair) for pair in merges.pairs]


def _merges_from(content: list[list[str]] | None) -> Merges | None:
    return None if content is None else Merges((left, right) for left, right in content)
