"""Fixtures for the tests of both worlds. Nothing here imports torch."""

import shutil
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The committed exported folder, format version 1; read only."""
    return FIXTURES / "tiny"


@pytest.fixture
def tiny_copy(tiny: Path, tmp_path: Path) -> Path:
    """A copy of it to break."""
    return Path(shutil.copytree(tiny, tmp_path / "exported"))


@pytest.fixture(scope="session")
def tiny_pairs() -> Path:
    """The pairs that the committed folder was trained on."""
    return FIXTURES / "tiny.tsv"
