"""Quantization: a finished float32 graph rewritten in integers. Needs onnx, not torch."""
