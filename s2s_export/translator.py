"""Translator: text in, text out, for other people's apps.

It loads an exported folder into a ``Pipeline`` and adds streams of texts, and the names of options.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from .decoding.options import MaskOptions, SearchOptions
from .errors import TextError
from .loading.origins import FolderFromAnywhere
from .translation import ScoredTarget, Translation

Suppressed = Iterable[str | Sequence[str]]
"""Texts, and sequences of tokens, that are never said."""


class Translator(FolderFromAnywhere):
    """Translate sentences with an exported folder.

        translator = Translator("exported/")
        translator.translate("Je suis en retard.")  # "i m late ."

    ``from_files``, ``from_zip``, ``from_resources`` and ``from_pretrained`` (the Hub) make one
    without a folder. Making one reads and checks all its files (some tens of milliseconds); keep it
    and use it for every sentence, from as many threads as you like. It can be pickled, and used
    after a fork.

    Of texts, these hold for every method: a newline is a space; control characters and directional
    marks vanish; the rest is up to the text mode that the model was trained with. A text in which
    the model knows no word (blanks, another script) gives an empty translation, and the model is
    not run. Nor is it for a text that the lexicon has, where there is one.

    Attributes:
        device: where it runs: ``"cpu"`` or ``"cuda"``.
        device_reason: why there, in a few words.
        source: tokenizer of the source.
        target: tokenizer of the target.
        reader: reads texts, prefixes and targets.
        pipeline: the two tokenizers and the two steps.
    """

    def translate(
        self,
        text: str,
        *,
        prefix: str | None = None,
        beam_size: int = 1,
        length_penalty: float = 1.0,
        min_length: int = 0,
        suppress: Suppressed = (),
        no_repeat_ngram: int = 0,
        copy_unknown: bool = False,
    ) -> str:
        """Translate one sentence; the options are those of ``translate_batch``.

        Returns:
            The translation; ``""`` for a text in which the model knows no word.

        Raises:
            TextError: the text cannot be translated: it is not a ``str``, too long, malformed, or
                has unknown words and these are an error; or the prefix cannot be used. The subclass
                and the message say which.
            OptionError: as for ``translate_batch``.
            NonFiniteError: a graph returned NaN or infinity.
        """
        search = SearchOptions(beam_size, length_penalty=length_penalty)
        masks = MaskOptions(min_length, self.reader.sequences(suppress), no_repeat_ngram)
        self.pipeline.check_options(1, False, masks, copy_unknown)
        [translation] = self.pipeline.translate(
            [self.reader.read(text, prefix)],
            search=search,
            mask_options=masks,
            copy_unknown=copy_unknown,
        )
        return translation.text

    def translate_batch(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = 64,
        attention: bool = False,
        prefix: Iterable[str | None] | None = None,
        beam_size: int = 1,
        n_best: int = 1,
        length_penalty: float = 1.0,
        min_length: int = 0,
        suppress: Suppressed = (),
        no_repeat_ngram: int = 0,
        copy_unknown: bool = False,
    ) -> list[Translation]:
        """Translate several sentences, quicker than one by one.

        Args:
            texts: sentences; an iterator is consumed once.
            batch_size: how many the graphs get at a time. The CPU gets 128 rows for each of
                ``threads`` at most, a sentence having ``beam_size`` of them: larger batches are
                slower and take memory (``docs/benchmarks.md``).
            attention: also return the attention.
            prefix: for each text what its translation begins with, or ``None``: whole tokens, as
                the target's tokenizer splits it. Such a text is not looked up in the lexicon.
            beam_size: translations followed side by side, 1 to 1,000; 1 is greedy decoding.
            n_best: ``alternatives`` of each translation, ``beam_size`` at most.
            length_penalty: exponent of the length in the score, which ranks the alternatives, 0 to
                10: 1 for the mean log-probability of a token, 0 for the sum.
            min_length: the fewest tokens of a translation, the end mark included as in
                ``max_length``.
            suppress: what is never said: texts, as the target's tokenizer splits them (one of
                subwords begins a word), or sequences of tokens as in ``Translation.tokens``. A
                prefix may say it all the same.
            no_repeat_ngram: n of the n-grams, n tokens in a row, that no translation says twice; 0
                for none.
            copy_unknown: put the text's own word in the place of a token whose most attended source
                token is an unknown word; for models with attention whose tokens are words.

        Returns:
            One translation for each text, in their order. The words are those that ``translate``
            gives; a log-probability may differ in its last digits, since matrix products of
            another size round differently.

        Raises:
            TextError: as for ``translate``; its ``index`` says which text, and none is translated.
            OptionError: an option has a value that it cannot have, or the model has no attention.
            NonFiniteError: a graph returned NaN or infinity.
        """
        search = SearchOptions(beam_size, n_best, length_penalty)
        masks = MaskOptions(min_length, self.reader.sequences(suppress), no_repeat_ngram)
        self.pipeline.check_options(batch_size, attention, masks, copy_unknown)
        return self.pipeline.translate(
            list(self.reader.read_texts(texts, prefix)),
            batch_size=batch_size,
            attention=attention,
            search=search,
            mask_options=masks,
            copy_unknown=copy_unknown,
        )

    def translate_iter(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = 64,
        attention: bool = False,
        prefix: Iterable[str | None] | None = None,
        beam_size: int = 1,
        n_best: int = 1,
        length_penalty: float = 1.0,
        min_length: int = 0,
        suppress: Suppressed = (),
        no_repeat_ngram: int = 0,
        copy_unknown: bool = False,
        on_error: Callable[[TextError], None] | None = None,
    ) -> Iterator[Translation]:
        """Translate a stream of any length, in bounded memory.

        The texts are read a few batches ahead of the yielded translations; with a ``batch_size`` of
        1, each is translated before the next one is read. The options are those of
        ``translate_batch``; ``prefix`` may be an iterator without end. ``on_error`` is called with
        the error for a text that cannot be translated (its ``index`` says which), instead of
        raising it; the text's translation is then empty.

        Yields:
            One translation for each text, in their order.

        Raises:
            TextError: as for ``translate``, if there is no ``on_error``; the translations of the
                texts before it have been yielded.
            OptionError: as for ``translate_batch``.
            NonFiniteError: a graph returned NaN or infinity.
        """
        search = SearchOptions(beam_size, n_best, length_penalty)
        masks = MaskOptions(min_length, self.reader.sequences(suppress), no_repeat_ngram)
        self.pipeline.check_options(batch_size, attention, masks, copy_unknown)
        return self.pipeline.translate_iter(
            self.reader.read_texts(texts, prefix, on_error),
            batch_size=batch_size,
            attention=attention,
            search=search,
            mask_options=masks,
            copy_unknown=copy_unknown,
        )

    def stream(
        self,
        text: str,
        *,
        prefix: str | None = None,
        min_length: int = 0,
        suppress: Suppressed = (),
        no_repeat_ngram: int = 0,
        copy_unknown: bool = False,
    ) -> Iterator[str]:
        """Translate one sentence and yield its pieces as they are decoded.

        The options are those of ``translate_batch``; the tokens of a prefix are pieces as well.

        Yields:
            Pieces that join to the text of ``translate``, spaces included.

        Raises:
            TextError: as for ``translate``, at once and not with the first token.
            OptionError: as for ``translate_batch``, at once too.
            NonFiniteError: a graph returned NaN or infinity.
        """
        masks = MaskOptions(min_length, self.reader.sequences(suppress), no_repeat_ngram)
        self.pipeline.check_options(1, False, masks, copy_unknown)
        encoding = self.reader.read(text, prefix)
        return self.pipeline.stream(encoding, mask_options=masks, copy_unknown=copy_unknown)

    def score(
        self,
        pairs: Iterable[tuple[str, str]],
        *,
        batch_size: int = 64,
        length_penalty: float = 1.0,
    ) -> list[ScoredTarget]:
        """Score given translations: how probable the model finds each of their tokens.

        The lexicon is not asked.

        Args:
            pairs: a text and its target each; an iterator is consumed once.
            batch_size: as for ``translate_batch``.
            length_penalty: as for ``translate_batch``.

        Returns:
            The tokens of each target with their log-probabilities, in the order of the pairs.

        Raises:
            TextError: a text or a target cannot be used: it is not a ``str``, too long (a target
                has ``max_length`` tokens at most), malformed, or has unknown words that are an
                error, in a target all; or the model knows no word of the text. Its ``index`` says
                which pair.
            OptionError: an option has a value that it cannot have.
            NonFiniteError: a graph returned NaN or infinity.
        """
        search = SearchOptions(length_penalty=length_penalty)
        self.pipeline.check_options(batch_size)
        return self.pipeline.score(
            list(self.reader.read_pairs(pairs)),
            batch_size=batch_size,
            length_penalty=search.length_penalty,
        )
