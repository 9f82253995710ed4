"""ONNX Runtime and nothing else: sessions, binding, threads, and the compiled model on disk.

Importing onnxruntime (1.32, Linux) writes a device id below ~/.cache/Microsoft and queues usage events for a
server of Microsoft's, unless ORT_DISABLE_TELEMETRY is set before. prudent promises that nothing leaves the
machine, so it is set here, ahead of every module that imports onnxruntime.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
