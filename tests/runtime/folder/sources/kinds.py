"""Each way to give a Translator the files of an export; the tests of sources go through all."""

import importlib
import io
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from s2s_export import Translator

Make = Callable[..., Translator]
"""Makes a Translator; takes the options of ``Translator`` by name."""


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def zipped(
    files: Mapping[str, bytes] | Iterable[tuple[str, bytes]],
    *,
    inside: str = "",
    method: int = zipfile.ZIP_STORED,
) -> bytes:
    """Return a zip of files.

    Args:
        files: contents by name; pairs, where a name is to stand twice.
        inside: a folder in the zip, with a slash.
        method: of compression.
    """
    buffer = io.BytesIO()
    pairs = files.items() if isinstance(files, Mapping) else files
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in pairs:
            archive.writestr(inside + name, content)
    return buffer.getvalue()


@contextmanager
def importable(place: Path, package: str) -> Iterator[None]:
    """Make a package importable from a folder or a zip, and forget it afterwards."""
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(place))
        sys.modules.pop(package, None)
        sys.path_importer_cache.pop(str(place), None)


def from_folder(folder: Path, work: Path, **options: Any) -> Translator:
    return Translator(shutil.copytree(folder, work / "exported"), **options)


def from_files(folder: Path, work: Path, **options: Any) -> Translator:
    return Translator.from_files(contents(folder), **options)


def from_path_to_zip(folder: Path, work: Path, **options: Any) -> Translator:
    path = work / "model.zip"
    path.write_bytes(zipped(contents(folder)))
    return Translator(path, **options)


def from_zip_with_a_path(folder: Path, work: Path, **options: Any) -> Translator:
    path = work / "modèle exporté"
    path.write_bytes(zipped(contents(folder), inside="exported/", method=zipfile.ZIP_DEFLATED))
    return Translator.from_zip(str(path), **options)


def from_zip_with_an_open_file(folder: Path, work: Path, **options: Any) -> Translator:
    with io.BytesIO(zipped(contents(folder))) as file:
        file.seek(7)  # wherever it stands
        return Translator.from_zip(file, **options)


def from_resources(folder: Path, work: Path, **options: Any) -> Translator:
    package = work / "installed" / "app_with_model"
    shutil.copytree(folder, package / "model")
    (package / "__init__.py").touch()
    with importable(package.parent, package.name):
        return Translator.from_resources(resources.files(package.name) / "model", **options)


def from_resources_of_a_zipped_package(folder: Path, work: Path, **options: Any) -> Translator:
    files = {f"zipped_app/model/{name}": content for name, content in contents(folder).items()}
    place = work / "zipped_app.zip"
    place.write_bytes(zipped({"zipped_app/__init__.py": b"", **files}))
    with importable(place, "zipped_app"):
        return Translator.from_resources(resources.files("zipped_app") / "model", **options)


def from_pretrained_with_a_path(folder: Path, work: Path, **options: Any) -> Translator:
    return Translator.from_pretrained(shutil.copytree(folder, work / "exported"), **options)


AT_A_PATH: tuple[Make, ...] = (from_folder, from_path_to_zip, from_pretrained_with_a_path)
"""Those whose pickle holds a path."""
KEPT: tuple[Make, ...] = (
    *(from_files, from_zip_with_a_path, from_zip_with_an_open_file),
    *(from_resources, from_resources_of_a_zipped_package),
)
"""Those whose pickle holds the files."""
EVERY = (*AT_A_PATH, *KEPT)
