"""/v1/agents: what is offered, and runs of it, whole or event by event. The agents are the host's."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.errors import InternalError
from prudent.server import wire
from prudent.server.agent_host import AgentHost
from prudent.server.dependencies import documented_body, get_asked, get_settings, read_json
from prudent.server.sse import EventStream, until_disconnect
from prudent.types.agents import (
    CANCEL_AGENT_RUN,
    LIST_AGENTS,
    RESUME_AGENT_RUN,
    RETRIEVE_AGENT_RUN,
    RUN_AGENT,
    AgentEvent,
    AgentRun,
    ResumeAgentRequest,
    RunAgentRequest,
)

router = APIRouter()


def get_host(request: Request) -> AgentHost:
    """Who offers the agents."""
    return cast("AgentHost", request.app.state.agents)


@router.get(LIST_AGENTS.path, response_model=LIST_AGENTS.response)
async def list_agents(request: Request) -> Response:
    """List the agents and recipes that this server offers."""
    return JSONResponse(wire.plain(get_host(request).list()))


@router.post(
    RUN_AGENT.path, response_model=RUN_AGENT.response, openapi_extra=documented_body(RunAgentRequest)
)
async def run_agent(request: Request, agent: str) -> Response:
    """Begin a run. A client that leaves cancels it."""
    asked = await read_json(request, RunAgentRequest)
    events = get_host(request).run(agent, asked, get_asked(request).key_id)
    return await _answered(request, events, stream=asked.stream)


@router.get(RETRIEVE_AGENT_RUN.path, response_model=RETRIEVE_AGENT_RUN.response)
async def retrieve_agent_run(request: Request, agent: str, run: str) -> Response:
    """Look a run up, as it stands."""
    found = await get_host(request).retrieve(agent, run, get_asked(request).key_id)
    return JSONResponse(wire.plain(found))


@router.post(
    RESUME_AGENT_RUN.path,
    response_model=RESUME_AGENT_RUN.response,
    openapi_extra=documented_body(ResumeAgentRequest),
)
async def resume_agent_run(request: Request, agent: str, run: str) -> Response:
    """Go on with a run: approve or deny the call that it waits for, answer its question, or just go on."""
    asked = await read_json(request, ResumeAgentRequest)
    events = get_host(request).resume(agent, run, asked, get_asked(request).key_id)
    return await _answered(request, events, stream=asked.stream)


@router.post(CANCEL_AGENT_RUN.path, response_model=CANCEL_AGENT_RUN.response)
async def cancel_agent_run(request: Request, agent: str, run: str) -> Response:
    """Stop a run, whether it runs or waits."""
    stopped = await get_host(request).cancel(agent, run, get_asked(request).key_id)
    return JSONResponse(wire.plain(stopped))


async def _answered(request: Request, events: AsyncGenerator[AgentEvent], *, stream: bool) -> Response:
    if not stream:
        return JSONResponse(wire.plain(await until_disconnect(request.receive, _whole(events))))
    return EventStream(
        await until_disconnect(request.receive, _first(events)),
        events,
        _plain,
        write_timeout=get_settings(request).write_timeout,
        request_id=get_asked(request).request_id,
    )


async def _first(events: AsyncGenerator[AgentEvent]) -> AgentEvent:
    return await anext(events)


async def _whole(events: AsyncGenerator[AgentEvent]) -> AgentRun:
    """The run as it stands at the end of its events."""
    run: AgentRun | str | None = None
    try:
        async for event in events:
            run = event.run
    finally:
        await events.aclose()
    if not isinstance(run, AgentRun):
        raise InternalError("A run ended without its state.")
    return run


def _plain(event: AgentEvent) -> dict[str, Any]:
    return wire.plain(event)
