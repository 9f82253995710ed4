"""`client.agents`: agents and recipes that a server offers, and runs of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

import httpx

from prudent.client.body import FileInput, json_body
from prudent.client.connection import AsyncConnection, Connection
from prudent.client.content import as_attached
from prudent.client.stream import AsyncStream, Stream
from prudent.types.agents import (
    CANCEL_AGENT_RUN,
    LIST_AGENTS,
    RESUME_AGENT_RUN,
    RETRIEVE_AGENT_RUN,
    RUN_AGENT,
    AgentEvent,
    AgentList,
    AgentRun,
)

Timeout = float | httpx.Timeout | None


class Agents:
    """Runs what a server offers with `prudent serve --agent`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, *, timeout: Timeout = None) -> AgentList:
        """What is offered, and what its runs take."""
        return self._connection.call(LIST_AGENTS, timeout=timeout)

    @overload
    def run(
        self,
        agent: str,
        input: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        files: Sequence[FileInput] = (),
        stream: Literal[False] = False,
        timeout: Timeout = None,
    ) -> AgentRun: ...

    @overload
    def run(
        self,
        agent: str,
        input: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        files: Sequence[FileInput] = (),
        stream: Literal[True],
        timeout: Timeout = None,
    ) -> Stream[AgentEvent]: ...

    def run(
        self,
        agent: str,
        input: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        files: Sequence[FileInput] = (),
        stream: bool = False,
        timeout: Timeout = None,
    ) -> AgentRun | Stream[AgentEvent]:
        """Begin a run, with a goal (`input`) or a recipe's parameters. Closing a stream cancels it.

        `files` go with a goal, or are those that a recipe takes: paths, bytes, open files, or (name, one of
        these). Texts, PDFs, images and recordings are read, and what is in them is untrusted.

        A run that fails, is refused or waits for a person is returned: see its `status` and `waiting`. It is
        begun once, also where the call is repeated after a broken connection.

        Raises:
            NotFoundError: there is no such agent.
            InvalidRequestError: the goal or a parameter is missing or wrong; `param` names it.
            RateLimitError: after the retries. ConflictError: the call was repeated, and the run had begun.
        """
        body = _begun(input, parameters, files, stream)
        if stream:
            return self._connection.stream(RUN_AGENT, body, timeout=timeout, agent=agent)
        return self._connection.call(RUN_AGENT, body, timeout=timeout, agent=agent)

    def retrieve(self, agent: str, run: str, *, timeout: Timeout = None) -> AgentRun:
        """A run as it stands. Raises NotFoundError."""
        return self._connection.call(RETRIEVE_AGENT_RUN, timeout=timeout, agent=agent, run=run)

    @overload
    def resume(
        self,
        agent: str,
        run: str,
        *,
        digest: str | None = None,
        approve: bool | None = None,
        answer: str | None = None,
        stream: Literal[False] = False,
        timeout: Timeout = None,
    ) -> AgentRun: ...

    @overload
    def resume(
        self,
        agent: str,
        run: str,
        *,
        digest: str | None = None,
        approve: bool | None = None,
        answer: str | None = None,
        stream: Literal[True],
        timeout: Timeout = None,
    ) -> Stream[AgentEvent]: ...

    def resume(
        self,
        agent: str,
        run: str,
        *,
        digest: str | None = None,
        approve: bool | None = None,
        answer: str | None = None,
        stream: bool = False,
        timeout: Timeout = None,
    ) -> AgentRun | Stream[AgentEvent]:
        """Go on with a run that waits or was stopped.

        `digest` is that of the call that it waits for and `approve` a person's word on it; `answer` is theirs
        to its question.

        Raises:
            NotFoundError: there is no such run. ConflictError: it runs, is over, or waits for something else.
        """
        body = _resumed(digest, approve, answer, stream)
        if stream:
            return self._connection.stream(RESUME_AGENT_RUN, body, timeout=timeout, agent=agent, run=run)
        return self._connection.call(RESUME_AGENT_RUN, body, timeout=timeout, agent=agent, run=run)

    def cancel(self, agent: str, run: str, *, timeout: Timeout = None) -> AgentRun:
        """Stop a run, whether it runs or waits. Raises NotFoundError; ConflictError: it is over."""
        return self._connection.call(CANCEL_AGENT_RUN, timeout=timeout, agent=agent, run=run)


class AsyncAgents:
    """Runs what a server offers with `prudent serve --agent`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list(self, *, timeout: Timeout = None) -> AgentList:
        """What is offered, and what its runs take."""
        return await self._connection.call(LIST_AGENTS, timeout=timeout)

    @overload
    async def run(
        self,
        agent: str,
        input: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        files: Sequence[FileInput] = (),
        stream: Literal[False] = False,
        timeout: Timeout = None,
    ) -> AgentRun: ...

    @overload
    async def run(
        self,
        agent: str,
        input: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        files: Sequence[FileInput] = (),
        stream: Literal[True],
        timeout: Timeout = None,
    ) -> AsyncStream[AgentEvent]: ...

    async def run(
        self,
        agent: str,
        input: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        files: Sequence[FileInput] = (),
        stream: bool = False,
        timeout: Timeout = None,
    ) -> AgentRun | AsyncStream[AgentEvent]:
        """Begin a run; see `Agents.run`."""
        body = _begun(input, parameters, files, stream)
        if stream:
            return await self._connection.stream(RUN_AGENT, body, timeout=timeout, agent=agent)
        return await self._connection.call(RUN_AGENT, body, timeout=timeout, agent=agent)

    async def retrieve(self, agent: str, run: str, *, timeout: Timeout = None) -> AgentRun:
        """A run as it stands. Raises NotFoundError."""
        return await self._connection.call(RETRIEVE_AGENT_RUN, timeout=timeout, agent=agent, run=run)

    @overload
    async def resume(
        self,
        agent: str,
        run: str,
        *,
        digest: str | None = None,
        approve: bool | None = None,
        answer: str | None = None,
        stream: Literal[False] = False,
        timeout: Timeout = None,
    ) -> AgentRun: ...

    @overload
    async def resume(
        self,
        agent: str,
        run: str,
        *,
        digest: str | None = None,
        approve: bool | None = None,
        answer: str | None = None,
        stream: Literal[True],
        timeout: Timeout = None,
    ) -> AsyncStream[AgentEvent]: ...

    async def resume(
        self,
        agent: str,
        run: str,
        *,
        digest: str | None = None,
        approve: bool | None = None,
        answer: str | None = None,
        stream: bool = False,
        timeout: Timeout = None,
    ) -> AgentRun | AsyncStream[AgentEvent]:
        """Go on with a run that waits or was stopped; see `Agents.resume`."""
        body = _resumed(digest, approve, answer, stream)
        if stream:
            return await self._connection.stream(
                RESUME_AGENT_RUN, body, timeout=timeout, agent=agent, run=run
            )
        return await self._connection.call(RESUME_AGENT_RUN, body, timeout=timeout, agent=agent, run=run)

    async def cancel(self, agent: str, run: str, *, timeout: Timeout = None) -> AgentRun:
        """Stop a run, whether it runs or waits. Raises NotFoundError; ConflictError: it is over."""
        return await self._connection.call(CANCEL_AGENT_RUN, timeout=timeout, agent=agent, run=run)


def _begun(
    input: str | None, parameters: Mapping[str, Any] | None, files: Sequence[FileInput], stream: bool
) -> bytes:
    """The body of a new run. Its id is chosen here, so that a repeated call begins no second one."""
    run = f"run_{uuid.uuid4().hex[:16]}"
    sent = [as_attached(file) for file in files] or None
    return json_body({"id": run, "input": input, "parameters": parameters, "files": sent, "stream": stream})


def _resumed(digest: str | None, approve: bool | None, answer: str | None, stream: bool) -> bytes:
    return json_body({"digest": digest, "approve": approve, "answer": answer, "stream": stream})
