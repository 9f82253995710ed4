"""Health, readiness, models, request ids, logs, the API's own description."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import httpx
import pytest

from prudent.client.transports import AppTransport
from prudent.testing import ScriptedModel, ScriptedModels, scripted_app
from prudent_responsible_ai.pipeline import Pipeline

Http = Callable[..., httpx.Client]
HELLO = {"messages": [{"role": "user", "content": "a very personal question"}]}
URL = "/v1/chat/completions"


def _until_ready(client: httpx.Client) -> httpx.Response:
    for _ in range(200):
        if (response := client.get("/readyz")).status_code == 200:
            break
    return response


def test_a_server_is_healthy_and_ready(http: Http) -> None:
    client = http(ScriptedModel("a"))
    assert client.get("/healthz").json() == {"status": "ok"}
    assert _until_ready(client).json() == {"status": "ready"}


def test_a_server_is_not_ready_while_its_model_loads(no_checks: Pipeline) -> None:
    loading = asyncio.Event()
    app = scripted_app(ScriptedModel("a"), pipeline=no_checks, loading=loading)
    with httpx.Client(transport=AppTransport(lambda: app), base_url="http://localhost") as client:
        response = client.get("/readyz")
        assert response.status_code == 503
        assert "loading" in response.json()["error"]["message"]
        assert client.get("/healthz").status_code == 200


def test_a_server_whose_model_cannot_be_loaded_is_not_ready_and_says_why(no_checks: Pipeline) -> None:
    from prudent.server.app import create_app
    from prudent.server.settings import Settings

    app = create_app(Settings(model="gone"), pool=ScriptedModels([]), pipeline=no_checks)
    with httpx.Client(transport=AppTransport(lambda: app), base_url="http://localhost") as client:
        responses = [client.get("/readyz") for _ in range(100)]
        assert {response.status_code for response in responses} == {503}
        assert "gone" in responses[-1].json()["error"]["message"]


def test_models_are_listed_and_looked_up(http: Http) -> None:
    client = http(ScriptedModel("a"), ScriptedModel("b", id="other"))
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == ["scripted", "other"]
    assert {"id", "object", "created", "owned_by"} <= listed["data"][0].keys()
    assert client.get("/v1/models/other").json()["id"] == "other"
    assert client.get("/v1/models/none").status_code == 404


def test_a_request_names_its_model_or_gets_the_default(http: Http) -> None:
    client = http(ScriptedModel("a"), ScriptedModel("b", id="other"))
    assert client.post(URL, json=HELLO).json()["model"] == "scripted"
    assert client.post(URL, json={**HELLO, "model": "other"}).json()["model"] == "other"


def test_a_whole_answer_is_openais_to_the_letter(http: Http) -> None:
    answer = http(ScriptedModel("a b")).post(URL, json={**HELLO, "n": 2}).json()
    assert answer["object"] == "chat.completion"
    assert answer["usage"].pop("check_time") > 0
    assert answer["usage"] == {
        "prompt_tokens": 4,
        "completion_tokens": 4,
        "total_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    for choice in answer["choices"]:
        assert choice["message"] == {"role": "assistant", "content": "a b", "refusal": None}
        assert (choice["finish_reason"], choice["logprobs"]) == ("stop", None)


def test_every_answer_has_a_request_id_and_a_plain_one_is_kept(http: Http) -> None:
    client = http(ScriptedModel("a"))
    assert client.get("/healthz").headers["x-request-id"].startswith("req-")
    assert client.get("/healthz", headers={"x-request-id": "mine-1"}).headers["x-request-id"] == "mine-1"
    forged = client.get("/healthz", headers={"x-request-id": "a b<script>"})
    assert forged.headers["x-request-id"].startswith("req-")


def test_the_log_never_holds_content(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ScriptedModel):
        def stream(self, request: object) -> object:
            raise ValueError(f"cannot answer {request}")

    with caplog.at_level(logging.DEBUG):
        response = http(Broken(), ScriptedModel("a very private answer", id="good")).post(URL, json=HELLO)
        http(ScriptedModel("a very private answer")).post(URL, json=HELLO)
    assert response.status_code == 500
    assert "personal" not in response.text
    assert "ValueError" in caplog.text
    assert response.headers["x-request-id"] in caplog.text
    assert "personal" not in caplog.text
    assert "private" not in caplog.text


def test_the_api_describes_itself(http: Http) -> None:
    schema = http(ScriptedModel("a")).get("/openapi.json").json()
    body = schema["paths"]["/v1/chat/completions"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert body == {"$ref": "#/components/schemas/ChatCompletionRequest"}
    text = str(schema)
    for name in schema["components"]["schemas"]:
        assert name.isidentifier() or "-" in name
    for reference in {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in schema["components"]["schemas"]
