"""The run time: the steps of an exported folder in ONNX Runtime."""
