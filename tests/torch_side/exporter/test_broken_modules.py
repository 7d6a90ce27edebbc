"""Broken modules of users: each is refused in words of its own, and nothing is published."""

import re
from pathlib import Path

import pytest
import torch

from s2s_export.errors import ModuleError, SpecError
from s2s_export.exporter import export_modules
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import Vocabulary

from . import broken_modules
from .broken_modules import WORDS, Decoder, Encoder, RememberingEncoder

BROKEN = {
    "Float64Output": (
        r"decoder: next_hidden is float64, expected next_hidden float32\[1, B, 4\]; return it "
        r"with \.float\(\)"
    ),
    "Float64Weight": (
        r"decoder: the weight out\.weight is float64, expected float32; call \.float\(\) on the "
        r"module first"
    ),
    "BatchFirst": (
        r"decoder: next_hidden has the shape \[3, 1, 4\], expected \[1, 3, 4\] .*; its batch is "
        r"on axis 0: return it with \.transpose\(0, 1\)"
    ),
    "NoLayerAxis": (
        r"decoder: next_hidden has the shape \[3, 4\], expected \[1, 3, 4\] .*; a state has an "
        r"axis of layers before the batch: return it with \.unsqueeze\(0\)"
    ),
    "TokenAxis": (
        r"decoder: log_probs has the shape \[3, 1, 8\], expected \[3, 8\] .*; take the axis of "
        r"one token off with \.squeeze\(1\)"
    ),
    "StateNotReturned": (
        r"decoder: forward returns 1, expected a tuple of 2 tensors: log_probs float32\[B, 8\], "
        r"next_hidden .*; return the new state as next_hidden"
    ),
    "PairOfStates": (
        r"decoder: output 1 of forward is a tuple, expected a tuple of 2 tensors: .*; return "
        r"hidden and cell side by side, not as a pair"
    ),
    "ListOfOutputs": r"decoder: forward returns a list, expected a tuple of 2 tensors: ",
    "Logits": (
        r"decoder: log_probs are no log-probabilities: .* is off 0 by \d.*; return "
        r'log_softmax\(…, dim=-1\), or for logits write scores="logits"'
    ),
    "Probabilities": r"decoder: log_probs are probabilities, which add up to 1; return log_softmax",
    "MinusInfinity": r"decoder: log_probs holds NaN or infinity; for a token .* -1e4 will do",
    "MeanOfBatch": (
        r"decoder: next_hidden of a sentence depends on those beside it \(it differs by "
    ),
    "NormOfBatch": (
        r"encoder: forward fails for tokens int64\[5, 1\], .*: ValueError: Expected more than 1 "
        r"value .*; it takes several sentences alone: compute nothing over the batch"
    ),
    "DropoutLeftOn": (
        r"decoder: the same inputs give another next_hidden the second time .*: dropout or "
        r"noise stays on in evaluation"
    ),
    "StateInTheModule": (
        r"decoder: the same inputs give another log_probs the second time .* the module keeps a "
        r"state that is no input"
    ),
    "Backwards": (
        r'encoder: reads="tokens" says that a sentence may be cut, but next_hidden differs by '
        r'\d.* when 5 tokens are read as 2 and 3: .* write reads="sentence"'
    ),
    "SmallEmbedding": (
        r"encoder: forward fails for tokens int64\[5, 3\], hidden float32\[1, 3, 4\]: at "
        r"'return self.*: IndexError: .*; the vocabulary has ids up to 7, but embedding has 5 "
        r"rows"
    ),
    "OneSentence": (
        r"encoder: forward fails for .*: at 'return self\.gru\(.*' \(broken_modules\.py, "
        r"line \d+\): RuntimeError: .*; it takes one sentence alone: write -1 for the batch"
    ),
    "AnyInputs": (
        r"decoder: forward takes any number of inputs \(\*…\), which the tools refuse; write "
        r"them out: token int64\[B\], hidden float32\[1, B, 4\]"
    ),
    "ThreeInputs": (
        r"decoder: forward takes \(token, hidden, memory\), the specification gives it 2: token "
        r"int64\[B\], hidden float32\[1, B, 4\]"
    ),
    "Branching": (
        r"decoder\.onnx: torch\.onnx\.export refuses it: at 'if hidden\.sum\(\) > 100:' "
        r"\(broken_modules\.py, line \d+\): GuardOnDataDependentSymNode: .* torch\.where "
        r"in place"
    ),
    "Packing": (
        r"encoder\.onnx: torch\.onnx\.export refuses it: at 'return self\.gru\(pack_padded.*: "
        r"GuardOnDataDependentSymNode: .* leave out pack_padded_sequence, since the rows of a "
        r"call"
    ),
    "LoopOfCells": (
        r"encoder\.onnx: forward computes with one size of T alone, the example's \(expected "
        r"tokens int64\[T, B\], found tokens int64\[3, B\]\): it loops over that axis in Python"
    ),
    "RowByRow": (
        r"decoder\.onnx: forward computes with one size of B alone, the example's \(expected "
        r"token int64\[B\], found token int64\[2\]\)"
    ),
    "NoSuchOperator": (
        r"decoder\.onnx: torch\.onnx\.export refuses it: DispatchError: No ONNX function found "
        r"for .*linalg.*; ONNX has no such operator: write it with others"
    ),
    "UnmaskedAttention": (
        r"decoder: log_probs differs by \d.* when zeros follow memory, as they do for a shorter "
        r"sentence of a batch; return a mask from the encoder"
    ),
    "NothingReplaced": (
        r"decoder\.outputs: none replaces a state, so each step would begin as the first; name "
        r"the output that becomes state X next_X"
    ),
    "OtherVocabulary": (
        r"decoder\.outputs: log_probs: expected float32\[B, 8\], for the 8 tokens of the target "
        r"vocabulary \(control tokens included\), found log_probs float32\[B, 11\]"
    ),
}
"""The messages by the module's class."""


@pytest.mark.parametrize("name", BROKEN)
def test_broken_module_is_refused_in_words_of_its_own(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = getattr(broken_modules, name)()
    encoder: Encoder = RememberingEncoder() if name == "UnmaskedAttention" else Encoder()
    decoder = Decoder()
    if isinstance(module, Encoder):
        encoder = module
    else:
        decoder = module
    tokenizer = Tokenizer(text_mode("spaces"), Vocabulary(WORDS))
    error = SpecError if name in ("NothingReplaced", "OtherVocabulary") else ModuleError
    with pytest.raises(error) as caught:
        export_modules(
            encoder,
            decoder,
            tmp_path / "exported",
            encoder_spec=encoder.spec,
            decoder_spec=decoder.spec,
            source=tokenizer,
            target=tokenizer,
            samples=["a b", "c", "d e f"],
            max_source_length=8,
            max_target_length=8,
        )
    assert re.match(BROKEN[name], str(caught.value)), str(caught.value)
    assert [*tmp_path.iterdir()] == []


def test_every_broken_module_has_its_message() -> None:
    sound = {"Encoder", "Decoder", "RememberingEncoder"}
    classes = {
        name
        for name, value in vars(broken_modules).items()
        if isinstance(value, type) and issubclass(value, Encoder | Decoder)
    }
    assert classes == {*BROKEN, *sound}
    assert len({*BROKEN.values()}) == len(BROKEN)
