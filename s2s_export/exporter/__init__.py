"""The exporter: from PyTorch modules to a proven folder. Needs torch and onnx, not training."""
