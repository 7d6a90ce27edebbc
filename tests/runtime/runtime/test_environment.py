"""The environment of an app: missing packages, flags of Python, little memory, no home."""

import os
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from s2s_export import Translator
from s2s_export.errors import OptionError, ProviderError, RuntimeMissingError
from s2s_export.runtime import sessions

TRANSLATE = "import sys; from s2s_export import Translator; print(Translator(sys.argv[1]).translate"


def translate_in(
    folder: Path, *flags: str, limit: int | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    def bound_memory() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    return subprocess.run(
        [sys.executable, *flags, "-c", f'{TRANSLATE}("J\'ai froid."))', str(folder)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=bound_memory,
    )


def test_onnxruntime_is_missing(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RuntimeMissingError, match="not installed: pip install onnxruntime, or"):
        Translator(tiny)
    with pytest.raises(ImportError):
        Translator(tiny, device="auto")


def test_onnxruntime_is_too_old(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "__version__", "1.9.0")
    with pytest.raises(
        RuntimeMissingError, match=r"need onnxruntime 1\.18 or newer, found 1\.9\.0: pip install"
    ):
        Translator(tiny)
    for version in ("1.18", "1.18.0", "1.100.0rc1", "2"):
        monkeypatch.setattr(onnxruntime, "__version__", version)
        assert Translator(tiny).translate("J'ai froid.") == "i m cold ."


def test_onnxruntime_and_onnxruntime_gpu_both_installed(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    for name in ("onnxruntime-1.31.1.dist-info", "onnxruntime_gpu-1.31.1.dist-info"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(onnxruntime, "__file__", str(tmp_path / "onnxruntime" / "__init__.py"))
    files = {path.name: path.read_bytes() for path in tiny.iterdir()}
    makes: list[Callable[[], Translator]] = [
        lambda: Translator(tiny),
        lambda: Translator.from_files(files),
    ]
    for make in makes:
        with pytest.warns(RuntimeWarning, match="onnxruntime and onnxruntime-gpu are") as caught:
            make()
        assert [one.filename for one in caught] == [__file__], "the app's line"
    monkeypatch.undo()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Translator(tiny)


def test_home_and_tmpdir_that_do_not_exist(tiny: Path) -> None:
    """HOME is empty, or a folder that does not exist."""
    for home in ("", "/nonexistent"):
        done = translate_in(tiny, HOME=home, XDG_CACHE_HOME=home, TMPDIR="/nonexistent")
        assert (done.stdout, done.stderr, done.returncode) == ("i m cold .\n", "", 0)


@pytest.mark.parametrize("flags", [("-O",), ("-OO",), ("-W", "error"), ("-X", "utf8=0"), ("-I",)])
def test_flags_of_python(tiny: Path, flags: tuple[str, ...]) -> None:
    done = translate_in(tiny, *flags)
    assert (done.stdout, done.stderr, done.returncode) == ("i m cold .\n", "", 0)


@pytest.mark.parametrize("megabytes", [100, 200, 400])
def test_little_memory_is_an_error_and_no_hang(tiny: Path, megabytes: int) -> None:
    """Wherever memory runs out, the process ends."""
    done = translate_in(tiny, limit=megabytes * 2**20, OPENBLAS_NUM_THREADS="1")
    assert done.returncode == 0 or done.stderr or done.returncode < 0
    assert done.stdout in ("", "i m cold .\n")


def test_device_auto_chooses_cuda_or_the_cpu(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    translator = Translator(tiny, device="auto")
    assert translator.device in ("cpu", "cuda")
    assert translator.device_reason
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert sessions.choose_device("auto") == ("cpu", "this onnxruntime was built without CUDA")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    assert sessions.choose_device("auto") == ("cuda", "this onnxruntime has CUDA")
    assert sessions.choose_device("cpu") == ("cpu", "as asked for")
    with pytest.raises(ProviderError, match="expected one of cpu, cuda, auto, found 'tpu'"):
        sessions.choose_device("tpu")


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_device_auto_uses_the_cpu_where_cuda_is_built_in_and_does_not_work(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with onnxruntime-gpu on a machine without a GPU; asked for by name, it is an error."""
    import onnxruntime

    available = onnxruntime.get_available_providers()
    if "CUDAExecutionProvider" in available:
        pytest.skip("this onnxruntime has CUDA")
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", *available]
    )
    translator = Translator(tiny, device="auto")
    assert translator.device == "cpu"
    assert "device 'cuda' is not available" in translator.device_reason
    assert translator.translate("J'ai froid.") == "i m cold ."
    with pytest.raises(ProviderError, match="device 'cuda' is not available"):
        Translator(tiny, device="cuda")


CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class Session:
    """A session of ONNX Runtime with CUDA; ``assigned`` tells where which operator runs."""

    assigned: ClassVar[list[tuple[str, str]]]

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def get_providers(self) -> list[str]:
        return [CUDA, CPU]

    def get_provider_graph_assignment_info(self) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(
                ep_name=provider, get_nodes=lambda op=operator: [SimpleNamespace(op_type=op)]
            )
            for provider, operator in self.assigned
        ]


class OldSession(Session):
    """A session of ONNX Runtime before 1.24, which does not tell."""

    get_provider_graph_assignment_info = None  # type: ignore[assignment]


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """ONNX Runtime as on a machine with a GPU."""
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    return monkeypatch


def test_heavy_operators_on_the_cpu_are_an_error_with_cuda(
    cuda: pytest.MonkeyPatch, tiny: Path
) -> None:
    """A session that says CUDA and multiplies on the CPU."""
    cuda.setattr(Session, "assigned", [(CUDA, "GRU"), (CPU, "Shape")], raising=False)
    assert Translator(tiny, device="cuda").device == "cuda"
    cuda.setattr(Session, "assigned", [(CUDA, "Gemm"), (CPU, "GRU")])
    with pytest.raises(
        ProviderError, match=r"encoder\.onnx: ONNX Runtime runs GRU on CPUExecutionProvider"
    ):
        Translator(tiny, device="cuda")


def test_session_options_of_the_app_skip_the_check_of_providers(
    cuda: pytest.MonkeyPatch, tiny: Path
) -> None:
    """ONNX Runtime tells where operators run only if its option is set."""
    import onnxruntime

    cuda.setattr(Session, "assigned", [(CPU, "GRU")], raising=False)
    options = onnxruntime.SessionOptions()
    assert Translator(tiny, device="cuda", session_options=options).device == "cuda"
    with pytest.raises(ProviderError, match="runs GRU on CPUExecutionProvider"):
        Translator(tiny, device="cuda")


def test_onnxruntime_that_does_not_tell_where_operators_run(
    cuda: pytest.MonkeyPatch, tiny: Path
) -> None:
    import onnxruntime

    cuda.setattr(onnxruntime, "InferenceSession", OldSession)
    assert Translator(tiny, device="cuda").device == "cuda"


def test_wrong_numbers_of_threads(tiny: Path) -> None:
    with pytest.raises(OptionError, match="threads: expected 1 or more, found 0"):
        Translator(tiny, threads=0)


def test_importing_loads_neither_numpy_nor_onnxruntime() -> None:
    program = (
        "import sys, s2s_export; print(*{'numpy', 'onnxruntime', 'torch'} & {*sys.modules})\n"
        "s2s_export.Translator; print(*{'onnxruntime', 'torch'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n\n"
