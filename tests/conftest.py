"""Fixtures for the tests of both worlds. Nothing here imports torch."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parent / "fixtures"

Edit = Callable[[Any], object]


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The committed exported folder, format version 1; read only."""
    return FIXTURES / "tiny"


@pytest.fixture(scope="session")
def tiny_unk() -> Path:
    """The same with an UNK and the unicode normalizer."""
    return FIXTURES / "tiny-unk"


@pytest.fixture(scope="session")
def tiny_attention() -> Path:
    """The same with attention, format version 2."""
    return FIXTURES / "tiny-attention"


@pytest.fixture(scope="session")
def tiny_3() -> Path:
    """The committed exported folder of the present format, version 3, with attention; read only."""
    return FIXTURES / "tiny-3"


@pytest.fixture(scope="session")
def tiny_conditional() -> Path:
    """The same with an encoder that reads whole sentences; read only."""
    return FIXTURES / "tiny-conditional"


@pytest.fixture(scope="session")
def tiny_natural() -> Path:
    """The same with subwords on both sides; read only."""
    return FIXTURES / "tiny-natural"


@pytest.fixture
def tiny_copy(tiny: Path, tmp_path: Path) -> Path:
    """A copy of it to break."""
    return Path(shutil.copytree(tiny, tmp_path / "exported"))


@pytest.fixture
def tiny_3_copy(tiny_3: Path, tmp_path: Path) -> Path:
    """A copy of the folder of the present format to break."""
    return Path(shutil.copytree(tiny_3, tmp_path / "exported-3"))


@pytest.fixture(scope="session")
def tiny_pairs() -> Path:
    """The pairs that the committed folder was trained on."""
    return FIXTURES / "tiny.tsv"


@pytest.fixture(scope="session")
def edited_manifest() -> Callable[[bytes, Edit], bytes]:
    """Edits a manifest as its writer would: the checksum is right again afterwards."""

    def edited(content: bytes, edit: Edit) -> bytes:
        value = json.loads(content)
        value["manifest_sha256"] = "0" * 64
        edit(value)
        blank = json.dumps(value, indent=1).encode()
        digest = hashlib.sha256(blank).hexdigest()
        return blank.replace(b'"' + b"0" * 64 + b'"', f'"{digest}"'.encode())

    return edited


@pytest.fixture(scope="session")
def edit_manifest(
    edited_manifest: Callable[[bytes, Edit], bytes],
) -> Callable[[Path, Edit], None]:
    """The same for the manifest of a folder."""

    def edit_in(folder: Path, edit: Edit) -> None:
        path = folder / "manifest.json"
        path.write_bytes(edited_manifest(path.read_bytes(), edit))

    return edit_in


@pytest.fixture(scope="session")
def vouch(edit_manifest: Callable[[Path, Edit], None]) -> Callable[[Path], None]:
    """Makes a folder's manifest vouch for whatever its files hold now."""

    def record(folder: Path) -> None:
        def edit(manifest: Any) -> None:
            for name, entry in manifest["files"].items():
                content = (folder / name).read_bytes()
                entry.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())

        edit_manifest(folder, edit)

    return record
