"""OwnVocabulary: the tokens of a model that numbers its control tokens in its own way.

An exported folder has SOS at id 0, EOS at 1 and UNK at 2. Few models elsewhere do: padding is
mostly 0. ``export_modules`` puts a table of the model's own ids into the two graphs, so no weight
has to move. Standard library only.
"""

from collections.abc import Sequence

from ...errors import VocabularyError
from ...text.vocabulary import Vocabulary


class OwnVocabulary(Vocabulary):
    """A vocabulary in the folder's order, of tokens in the model's order.

    Every token stays, padding too: a decoder may choose each of them, as in the model's own loop.

    Attributes:
        own_ids: for each id of this vocabulary, the model's own id.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        *,
        eos: str,
        sos: str | None = None,
        unk: str | None = None,
        word_forms: bool = True,
    ) -> None:
        """Take the model's tokens.

        Args:
            tokens: all of them; the place of a token is its own id.
            eos: the one that ends a sentence.
            sos: the one that starts decoding, which may be ``eos``; ``None`` for a source whose
                model has none.
            unk: the one for unknown words of a source; ``None`` where an unknown word is an error.
                In a target, leave it out: there it is a token like others.
            word_forms: as for ``Vocabulary``.

        Raises:
            VocabularyError: a control token is not among the tokens; or a token is empty, holds
                white space after a first space, or stands twice.
        """
        ids = {token: index for index, token in enumerate(tokens)}
        control = [eos if sos is None else sos, eos, *([] if unk is None else [unk])]
        for role, token in (("sos", control[0]), ("eos", eos), ("unk", unk)):
            if token is not None and token not in ids:
                raise VocabularyError(
                    f"{role}: the token {token!r} is not among the {len(tokens)} tokens "
                    f"({', '.join(map(repr, tokens[:4]))}, …); give its name as it stands there"
                )
        words = [token for token in tokens if token not in control]
        super().__init__(words, unk=unk is not None, word_forms=word_forms)
        self.own_ids = tuple(ids[token] for token in (*control, *words))
