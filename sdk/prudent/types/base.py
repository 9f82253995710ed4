"""How every wire type behaves: strict about what it takes, immutable, and nothing else."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RequestModel(BaseModel):
    """A request: a field that is not known is an error that names it, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ResponseModel(BaseModel):
    """A response: unknown fields are kept, so that a newer server does not break an older client."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())
