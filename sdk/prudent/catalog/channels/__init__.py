"""The ways to bring a model's files, in the order in which `auto` tries them."""

from __future__ import annotations

from prudent.catalog.channels.base import Channel
from prudent.catalog.channels.hub import Hub
from prudent.catalog.channels.mirror import Mirror

CHANNELS: dict[str, Channel] = {"hub": Hub(), "mirror": Mirror()}

__all__ = ["CHANNELS"]
