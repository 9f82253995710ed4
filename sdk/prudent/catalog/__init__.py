"""Which models there are, and how their files come to this machine. Knows nothing of what runs them."""

from __future__ import annotations

from prudent.catalog.catalog import Catalog
from prudent.catalog.entry import FileEntry, HubLocation, MirrorPart, ModelEntry, Task, Wheel

__all__ = ["Catalog", "FileEntry", "HubLocation", "MirrorPart", "ModelEntry", "Task", "Wheel"]
