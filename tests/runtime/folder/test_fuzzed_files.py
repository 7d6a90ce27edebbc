"""Property tests: any manifest, vocabulary or graph gives a sound value or an error of ours."""

import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s_export.errors import ArtefactError, GraphError
from s2s_export.folder import manifest_file
from s2s_export.folder.manifest import FORMAT_VERSION
from s2s_export.folder.onnx_file import OnnxFile
from s2s_export.text.bpe import Merges
from s2s_export.text.vocabulary import Vocabulary

T = TypeVar("T")
Edited = Callable[[bytes, Callable[[Any], object]], bytes]

# No deadline: the machines of CI pause now and then. Derandomized: the same examples each time.
FUZZ = settings(max_examples=1000, deadline=None, derandomize=True, database=None)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**63, 10**400]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@pytest.fixture(
    scope="module",
    params=[*("tiny", "tiny_unk", "tiny_attention", "tiny_3", "tiny_natural", "tiny_conditional")],
)
def content(request: pytest.FixtureRequest) -> bytes:
    """Manifests of every format version."""
    path: Path = request.getfixturevalue(request.param)
    return (path / "manifest.json").read_bytes()


def outcome(read: Callable[[], T]) -> tuple[T | None, str]:
    """Return the value, or the message of this project's error; other errors are raised."""
    try:
        return read(), ""
    except ArtefactError as error:
        return None, str(error)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container and key in a JSON value."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    found = [(value, key) for key, _ in items]
    for _, inner in items:
        if isinstance(inner, dict | list):
            found += places(inner)
    return found


@pytest.mark.parametrize("examples", [150, pytest.param(1000, marks=pytest.mark.slow)])
def test_manifests_with_any_value_anywhere(
    content: bytes, edited_manifest: Edited, examples: int
) -> None:
    """The checksum is right, so that the rules for each field must find the error."""

    @settings(FUZZ, max_examples=examples)
    @given(seed=st.integers(0, 2**32), value=VALUES, remove=st.booleans())
    def check(seed: int, value: Any, remove: bool) -> None:
        def edit(manifest: Any) -> None:
            fields = [place for place in places(manifest) if place[1] != "manifest_sha256"]
            container, key = random.Random(seed).choice(fields)
            if remove:
                del container[key]
            else:
                container[key] = value

        check_manifest(edited_manifest(content, edit))

    check()


@FUZZ
@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_manifests_of_any_bytes(content: bytes) -> None:
    check_manifest(content)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"source":['])
def test_ten_thousand_levels_of_json(opening: bytes) -> None:
    with pytest.raises(ArtefactError, match="not valid JSON"):
        manifest_file.from_bytes(opening * 10_000)


def check_manifest(content: bytes) -> None:
    manifest, message = outcome(lambda: manifest_file.from_bytes(content))
    if manifest is None:
        assert message.startswith("manifest.json")
        assert message.encode()
    else:
        present = dataclasses.replace(manifest, format_version=FORMAT_VERSION)
        assert manifest_file.from_bytes(manifest_file.to_bytes(present)) == present


@FUZZ
@given(
    st.binary(max_size=60)
    | st.lists(st.text(max_size=4), max_size=6).map(
        lambda words: ("<sos>\n<eos>\n" + "".join(f"{w}\n" for w in words)).encode(
            "utf-8", "replace"
        )
    ),
    st.booleans(),
)
def test_vocabularies_of_any_bytes(content: bytes, unk: bool) -> None:
    vocabulary, message = outcome(lambda: Vocabulary.from_bytes(content, "source.vocab", unk=unk))
    if vocabulary is None:
        assert message.startswith("source.vocab: ")
    else:
        assert vocabulary.to_bytes() == content
        assert vocabulary.decode(range(len(vocabulary)))[3 if unk else 2 :] == [*vocabulary.words]


@FUZZ
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(st.tuples(st.text("ab \t\r", max_size=3), st.text("ab\n", max_size=2))).map(
            lambda pairs: "".join(f"{left}\t{right}\n" for left, right in pairs).encode()
        ),
    )
)
def test_merges_of_any_bytes(content: bytes) -> None:
    merges, message = outcome(lambda: Merges.from_bytes(content, "source.merges"))
    if merges is None:
        assert message.startswith("source.merges: ")
    else:
        assert merges.to_bytes() == content
        assert "".join(merges.apply(" abab")) == " abab"


@pytest.mark.parametrize("part", range(1, 8))
def test_a_truncated_graph(tiny: Path, part: int) -> None:
    content = (tiny / "decoder.onnx").read_bytes()
    with pytest.raises(GraphError, match=r"^x: not a valid ONNX file \(cut short\)"):
        OnnxFile.from_bytes(content[: part * len(content) // 8], "x")


@FUZZ
@given(st.integers(0, 2**32), st.integers(1, 20))
def test_graphs_of_any_bytes(tiny: Path, seed: int, count: int) -> None:
    """The reader of ONNX files reads any bytes, or says that they are no graph."""
    rng = random.Random(seed)
    content = bytearray((tiny / "decoder.onnx").read_bytes())
    for _ in range(count):
        content[rng.randrange(len(content))] = rng.randrange(256)
    cut = rng.choice([len(content), rng.randrange(len(content))])
    graph, message = outcome(lambda: OnnxFile.from_bytes(bytes(content[:cut]), "decoder.onnx"))
    assert graph is not None or message.startswith("decoder.onnx: not a valid ONNX file")
