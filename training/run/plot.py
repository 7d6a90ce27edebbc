"""Plots of a run: its losses, its errors on the held-out sentences, its attention."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from s2s_export.pipeline import Translation

from .history import History

_TUTORIAL_SCALE = 10
"""The tutorial prints and draws a tenth of a sentence's loss."""

_INCHES = 4.2
"""Width and height of the picture of one sentence."""

Curve = Sequence[tuple[float, float]]


def plot_losses(history: History, path: Path, *, per_sentence: bool) -> None:
    """Draw the training loss, and the held-out loss where there is one.

    Args:
        history: of the run.
        path: the PNG file to write.
        per_sentence: draw a tenth of the loss of a sentence, as the tutorial's figure does, and not
            the loss of a token.
    """
    training = [
        (point.sentences, point.sentence_loss / _TUTORIAL_SCALE if per_sentence else token_loss)
        for point in history
        if point.sentence_loss is not None and (token_loss := point.token_loss) is not None
    ]
    curves: dict[str, Curve] = {"training": training}
    label = "mean loss of a token (nats)"
    if per_sentence:
        label = "mean loss of a sentence / 10 (nats)"
    else:
        curves["held-out"] = [
            (p.sentences, p.held_out_loss) for p in history if p.held_out_loss is not None
        ]
    _draw(curves, label, path)


def plot_errors(history: History, path: Path) -> None:
    """Draw the held-out token error rate of sentences with and without unknown words.

    Args:
        history: of a run with held-out pairs.
        path: the PNG file to write.
    """
    curves: dict[str, Curve] = {
        "known words": [
            (p.sentences, p.token_error_rate) for p in history if p.token_error_rate is not None
        ],
        "unknown words": [
            (p.sentences, p.token_error_rate_unknown)
            for p in history
            if p.token_error_rate_unknown is not None
        ],
    }
    _draw(curves, "token error rate on held-out sentences", path)


def plot_attention(translations: Sequence[Translation], path: Path) -> None:
    """Draw the attention of translations: the source across, the translation down, light for much.

    Args:
        translations: at least one, each with its attention.
        path: the PNG file to write.
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
