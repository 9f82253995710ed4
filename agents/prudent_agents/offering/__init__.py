"""Agents and recipes offered to whoever asks a server."""
