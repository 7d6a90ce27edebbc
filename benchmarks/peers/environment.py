"""The virtual environment of the other programs."""

import shutil
import sys
from pathlib import Path

from .process import run

# torch 2.13.0 is to be had as a build for the CPU alone. yoyodyne also names torchvision and
# torchaudio, imports neither, and lightning fails if it finds one that was built for CUDA; so
# yoyodyne comes without its dependencies, and those that it imports stand here. g2p_en comes
# without nltk, whose data it would download (see g2p_en.py), and without distance, which it does
# not import.
PINS = (
    "torch==2.13.0",
    "lightning==2.6.6",
    "torchmetrics==1.9.0",
    "jsonargparse[signatures]==4.53.0",
    "omegaconf==2.4.0",
    "maxwell==0.2.6",
    "rich==15.0.0",
    "wandb==0.31.0",
    "numpy==2.4.6",
    "PyYAML==6.0.4",
    "inflect==7.6.0",
)
PINS_ALONE = ("yoyodyne==0.5.27", "phonetisaurus==0.3.0", "g2p_en==2.1.0")


def create(folder: Path) -> Path:
    """Make the environment unless it is there, and return the folder of its commands.

    Raises:
        CommandError: pip fails; its messages are in ``venv.log`` beside the folder.
    """
    stamp, wanted = folder / "installed.txt", "\n".join((*PINS, *PINS_ALONE))
    commands = folder / "bin"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return commands
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = folder.with_name("venv.log")
    run([sys.executable, "-m", "venv", folder], log)
    install = [commands / "python", "-m", "pip", "install", "--quiet"]
    run([*install, *PINS], log)
    run([*install, "--no-deps", *PINS_ALONE], log)
    stamp.write_text(wanted, encoding="utf-8")
    return commands
