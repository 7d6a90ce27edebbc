"""The picture of a run: its losses, epoch by epoch."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def plot_losses(training: Sequence[float], held_out: Sequence[float], path: Path) -> None:
    """Draw the mean token loss of each epoch.

    Args:
        training: of the training pairs in nats, one for each epoch.
        held_out: of the held-out pairs; empty without any.
        path: the PNG file to write.
    """
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)  # no window, no global state
    axes = figure.add_subplot()
    for losses, label in ((training, "training"), (held_out, "held-out")):
        if losses:
            axes.plot(range(1, len(losses) + 1), losses, marker="o", markersize=3, label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean loss of a token (nats)")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)
