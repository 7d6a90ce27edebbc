"""Plots of a run: its losses, its errors in validation, its attention."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from s2s_export.translation import Translation

from .history import TUTORIAL_SCALE, History

_INCHES = 4.2
"""Width and height of the attention plot of a sentence."""

Curve = Sequence[tuple[float, float]]


def plot_losses(history: History, path: Path, *, per_sentence: bool) -> None:
    """Draw the training loss and the validation loss of a token, as a PNG file.

    With ``per_sentence``, draw a tenth of the training loss of a sentence, as the tutorial does.
    """
    if per_sentence:
        label = "mean loss of a sentence / 10 (nats)"
        curves = {"training": _curve(history, "sentence_loss", TUTORIAL_SCALE)}
    else:
        label = "mean loss of a token (nats)"
        curves = {
            "training": _curve(history, "token_loss"),
            "validation": _curve(history, "validation_loss"),
        }
    _draw(curves, label, path)


def plot_errors(history: History, path: Path) -> None:
    """Draw the token error rate in validation, with and without unknown words, as a PNG file."""
    curves = {
        "known words": _curve(history, "token_error_rate"),
        "unknown words": _curve(history, "token_error_rate_unknown"),
    }
    _draw(curves, "token error rate on the validation pairs", path)


def plot_attention(translations: Sequence[Translation], path: Path) -> None:
    """Draw the attention: the source across, the translation down, high weights light.

    The file is a PNG. There is at least one translation, and each has its attention.
    """
    columns = min(len(translations), 2)
    rows = -(-len(translations) // columns)
    figure = Figure(figsize=(_INCHES * columns, _INCHES * rows), layout="constrained")
    FigureCanvasAgg(figure)  # no window, no global state
    for index, translation in enumerate(translations):
        attention = translation.attention
        assert attention is not None
        target = (*translation.tokens, *attention.source[-1:] * translation.finished)  # <eos>
        axes = figure.add_subplot(rows, columns, index + 1)
        axes.imshow(attention.weights, cmap="gray", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(attention.source)), attention.source, rotation=60, ha="left")
        axes.set_yticks(range(len(target)), target)
        axes.xaxis.tick_top()
    figure.savefig(path, dpi=120)


def _curve(history: History, column: str, divisor: float = 1) -> Curve:
    """Return a column of the history over the sentences trained on, ``None`` left out."""
    values = ((point.sentences, getattr(point, column)) for point in history)
    return [(sentences, value / divisor) for sentences, value in values if value is not None]


def _draw(curves: dict[str, Curve], label: str, path: Path) -> None:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)  # no window, no global state
    axes = figure.add_subplot()
    for name, curve in curves.items():
        if curve:
            marker = "o" if len(curve) <= 40 else None
            axes.plot(*zip(*curve, strict=True), marker=marker, markersize=3, label=name)
    axes.set_xlabel("sentences trained on")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
    figure.savefig(path, dpi=150)
