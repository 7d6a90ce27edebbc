"""ONNX files: their parts, and the sizes of their values. Standard library and numpy only."""
