"""The Model Context Protocol: other servers' tools here, and these tools there (extra `mcp`).

from prudent_agents.mcp import McpServer
with McpServer("notes", command=["notes-server", "--stdio"]) as server:
    Agent(tools=server.tools)
"""

from __future__ import annotations

from prudent_agents.mcp.client import McpServer
from prudent_agents.mcp.pins import DefinitionChangedError, Pins

__all__ = ["DefinitionChangedError", "McpServer", "Pins"]
