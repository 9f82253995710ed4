"""HTTP clients that count what passes, for OpenAI clients. Knows no framework."""

from __future__ import annotations

import httpx
import openai

from agent_tasks.contestant import Setting, Traffic

SECONDS = 600.0


def async_openai(setting: Setting) -> openai.AsyncOpenAI:
    """An asynchronous client of the server whose answers are counted."""

    async def count(response: httpx.Response) -> None:
        await response.aread()
        _count(setting.traffic, response)

    http = httpx.AsyncClient(timeout=SECONDS, event_hooks={"response": [count]}, trust_env=False)
    return openai.AsyncOpenAI(base_url=setting.url, api_key="none", http_client=http, max_retries=0)


def counting_client(setting: Setting) -> httpx.Client:
    """A synchronous HTTP client whose answers are counted."""

    def count(response: httpx.Response) -> None:
        response.read()
        _count(setting.traffic, response)

    return httpx.Client(timeout=SECONDS, event_hooks={"response": [count]}, trust_env=False)


def _count(traffic: Traffic, response: httpx.Response) -> None:
    if response.request.url.path.endswith("/chat/completions"):
        traffic.add(response.status_code, response.content)
