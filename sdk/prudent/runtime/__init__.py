"""ONNX Runtime and nothing else: sessions, binding, threads, and the compiled model on disk."""
