"""Graphs that come as ONNX files: read, simplify, quantise, write. Knows no model."""
