"""The front matter of a model card: YAML that the Hub reads.

``card`` puts it first. Needs the extra ``hub``, whose classes know the fields.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..folder.manifest import Manifest
from .languages import code_of

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

METRICS = {
    "bleu": ("bleu", "BLEU, 0 to 100"),
    "chrf": ("chrf", "chrF, 0 to 100"),
    "exact": ("exact_match", "texts that are the reference exactly, 0 to 1"),
    "token_error_rate": ("token_error_rate", "edit distance over the reference's tokens"),
}
"""The Hub's name and the meaning of metrics of a manifest; others go by their own names."""


def front_matter(
    manifest: Manifest, name: str, license_id: str | None, languages: Sequence[str]
) -> str:
    """Return the YAML between the card's two lines of dashes.

    Args:
        manifest: of the folder.
        name: of the model.
        license_id: of the model, as the Hub names it; ``None`` leaves it out.
        languages: codes; if there are none, those that the manifest's languages are names of.
    """
    from huggingface_hub import ModelCardData

    sides = [code_of(side.language) for side in (manifest.source, manifest.target)]
    codes = list(languages) or [code for code in dict.fromkeys(sides) if code is not None]
    task = "translation" if len(codes) == 2 else "text2text-generation"
    results = _results(manifest, task)
    data = ModelCardData(
        language=codes or None,
        license=license_id,
        library_name="s2s_export",
        pipeline_tag=task,
        tags=["onnx", "seq2seq", "rnn", *(["int8"] if manifest.int8 else [])],
        model_name=name if results else None,  # of the results; without any, a stray field
        eval_results=results or None,
    )
    return data.to_yaml() + "\n"


def _results(manifest: Manifest, task: str) -> "list[EvalResult]":
    from huggingface_hub import EvalResult

    data = str(manifest.training.get("data") or "test sentences")
    return [
        EvalResult(
            task_type=task,
            dataset_type=data,
            dataset_name=f"{data}, held out: {kind}",
            dataset_split="test",
            metric_type=METRICS.get(name, (name, name))[0],
            metric_name=METRICS.get(name, (name, name))[1],
            metric_value=value,
        )
        for kind, metrics in sorted(manifest.metrics.items())
        for name, value in sorted(metrics.items())
        if name != "sentences"
    ]
