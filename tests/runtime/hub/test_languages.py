"""Language codes for the card, beside the list of the package iso-codes where it is installed."""

import json
from pathlib import Path

import pytest

from s2s_export.hub.languages import code_of

LIST = Path("/usr/share/iso-codes/json/iso_639-2.json")
WITHDRAWN = {"bh"}


def test_codes_and_other_names() -> None:
    assert [code_of(name) for name in ("fr", "fra", "fre", "FRA", "eng")] == ["fr"] * 4 + ["en"]
    for name in ("", "phones", "iso", "tag", "source", "French", "f r", "fr=fra", "xx"):
        assert code_of(name) is None


def test_every_code_of_iso_639_1() -> None:
    if not LIST.exists():
        pytest.skip("the package iso-codes is not installed")
    count = 0
    for entry in json.loads(LIST.read_text(encoding="utf-8"))["639-2"]:
        code = entry.get("alpha_2")
        expected = None if code in WITHDRAWN else code
        count += expected is not None
        for name in (code, entry["alpha_3"], entry.get("bibliographic")):
            assert name is None or code_of(name) == expected, entry
    assert count == 183
