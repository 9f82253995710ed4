"""A recipe over HTTP on this machine: a form for people and POST /run for programs. Knows no page's HTML."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.datastructures import FormData, UploadFile

from prudent.errors import InvalidRequestError, PrudentError
from prudent_agents.events import ApprovalAsked
from prudent_agents.recipes.document import Parameter
from prudent_agents.recipes.page import form_page, question_page, result_page
from prudent_agents.recipes.recipe import Recipe
from prudent_agents.values import JSON, Value

if TYPE_CHECKING:
    from prudent.client import AsyncClient, Client
    from prudent_agents.agent import Agent
    from prudent_agents.run import Run

MOST_BYTES = 32 << 20
"""Of one request, files included."""
MOST_FILES = 64
MOST_WAITING = 32
"""Runs that wait for a person; the oldest is let go, and can still be resumed from the journal."""
AT_ONCE = 2
_HOSTS = ("127.0.0.1", "localhost", "::1", "testserver")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none a browser sends its own forms with Origin: null
    "Cache-Control": "no-store",
}


@dataclass
class _Waiting:
    """A run that waits for a person, and what it needs to go on."""

    agent: Agent
    run: str
    question: ApprovalAsked
    folder: TemporaryDirectory[str]


class Served:
    """One recipe, behind a form. `fixed` are parameters that are the same at every run and not asked for."""

    def __init__(
        self,
        recipe: Recipe,
        *,
        fixed: Mapping[str, Any] | None = None,
        client: Client | AsyncClient | str | None = None,
    ) -> None:
        self.recipe = recipe
        self.fixed = dict(fixed or {})
        self._client = client
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    @property
    def shown(self) -> dict[str, Parameter]:
        """The parameters that a user gives: all but the fixed ones and the secrets."""
        parameters = self.recipe.document.parameters
        return {
            name: parameter
            for name, parameter in parameters.items()
            if name not in self.fixed and parameter.type != "secret"
        }

    async def begin(self, given: Mapping[str, Any], folder: TemporaryDirectory[str]) -> tuple[Run, JSON]:
        """Run the recipe. Raises InvalidRequestError: a parameter is missing or wrong."""
        inputs = self.recipe.inputs({**given, **self.fixed}, base=Path.cwd())
        agent = self.recipe.agent(inputs, client=self._client)
        async with self._gate:
            run = await asyncio.to_thread(self._executed, agent, inputs)
        return run, self._kept(agent, run, folder)

    async def decide(self, key: str, digest: str, *, approved: bool) -> tuple[Run, JSON]:
        """Go on with a run that waits. Raises InvalidRequestError: it does not, or for another call."""
        waiting = self._waiting.get(key)
        if waiting is None or waiting.question.digest != digest:
            raise InvalidRequestError(
                "No run waits for this word.", hint="`prudent agent list` shows what waits."
            )
        del self._waiting[key]
        async with self._gate:
            run = await asyncio.to_thread(waiting.agent.resume, waiting.run, decision=approved)
        return run, self._kept(waiting.agent, run, waiting.folder)

    def question(self, run: str) -> ApprovalAsked | None:
        """What the run asks, where it waits here."""
        waiting = self._waiting.get(run)
        return None if waiting is None else waiting.question

    def _executed(self, agent: Agent, inputs: Mapping[str, Value]) -> Run:
        if self.recipe.document.steps:
            return agent.execute(self.recipe.plan, inputs=inputs)
        return agent.run(self.recipe.document.goal or "", inputs=inputs)

    def _kept(self, agent: Agent, run: Run, folder: TemporaryDirectory[str]) -> JSON:
        """The output; a run that waits is kept with its files, any other one's files are removed."""
        if run.status == "paused" and isinstance(run.waiting, ApprovalAsked):
            self._waiting[run.id] = _Waiting(agent, run.id, run.waiting, folder)
            if len(self._waiting) > MOST_WAITING:
                _, oldest = self._waiting.popitem(last=False)
                oldest.folder.cleanup()
        else:
            folder.cleanup()
        return self.recipe.output(run)


def recipe_app(
    recipe: Recipe,
    *,
    fixed: Mapping[str, Any] | None = None,
    client: Client | AsyncClient | str | None = None,
) -> FastAPI:
    """The app: GET / the form, POST / its answer, POST /run for programs (JSON, or a form with files)."""
    app = FastAPI(title=recipe.name, docs_url=None, redoc_url=None, openapi_url=None)
    served = Served(recipe, fixed=fixed, client=client)
    css = (files("prudent_agents.recipes") / "form.css").read_text(encoding="utf-8")

    @app.middleware("http")
    async def guarded(request: Request, go_on: Any) -> Response:
        refused = _refused(request)
        response = JSONResponse({"error": {"message": refused}}, 403) if refused else await go_on(request)
        response.headers.update(HEADERS)
        return response

    @app.get("/form.css")
    async def style() -> Response:
        return Response(css, media_type="text/css")

    @app.get("/")
    async def form() -> HTMLResponse:
        return HTMLResponse(form_page(recipe.document, served.shown, {}, {}))

    @app.post("/")
    async def sent(request: Request) -> HTMLResponse:
        return await _answered(served, request)

    @app.post("/decide")
    async def decided(request: Request) -> HTMLResponse:
        async with request.form(max_files=0, max_fields=8) as data:
            words = {name: str(value) for name, value in data.items()}
        try:
            run, output = await served.decide(
                words.get("run", ""), words.get("digest", ""), approved=words.get("decision") == "yes"
            )
        except PrudentError as error:
            return HTMLResponse(result_page(recipe.document, "refused", None, str(error)), error.http_status)
        return _page_of(served, run, output)

    @app.post("/run")
    async def run_it(request: Request) -> JSONResponse:
        return await _for_programs(served, request)

    return app


def _refused(request: Request) -> str | None:
    """Why a request is not taken: other sites' pages must not reach what runs on this machine."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    if host not in _HOSTS:
        return "This is served to this machine alone."
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return "Another site sent this."
    length = request.headers.get("content-length", "")
    if request.method == "POST" and (not length.isdigit() or int(length) > MOST_BYTES):
        return f"At most {MOST_BYTES >> 20} MiB are taken, and the length must be said."
    return None


async def _answered(served: Served, request: Request) -> HTMLResponse:
    folder = TemporaryDirectory(prefix="prudent-recipe-")
    given: dict[str, Any] = {}
    try:
        async with request.form(max_files=MOST_FILES, max_part_size=MOST_BYTES) as data:
            given = await _given(served, data, Path(folder.name))
        run, output = await served.begin(given, folder)
    except PrudentError as error:
        folder.cleanup()
        name = error.param if error.param in served.shown else next(iter(served.shown), "")
        message = str(error).removeprefix(f"{name}: ")
        back = {key: str(value) for key, value in given.items()}
        page = form_page(served.recipe.document, served.shown, back, {name: message})
        return HTMLResponse(page, 422)
    return _page_of(served, run, output)


def _page_of(served: Served, run: Run, output: JSON) -> HTMLResponse:
    question = served.question(run.id)
    if question is not None:
        return HTMLResponse(question_page(served.recipe.document, run.id, question))
    return HTMLResponse(result_page(served.recipe.document, run.status, output, run.error))


async def _for_programs(served: Served, request: Request) -> JSONResponse:
    folder = TemporaryDirectory(prefix="prudent-recipe-")
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            given = await _from_json(served, request)
        else:
            async with request.form(max_files=MOST_FILES, max_part_size=MOST_BYTES) as data:
                given = await _given(served, data, Path(folder.name))
        run, output = await served.begin(given, folder)
    except PrudentError as error:
        folder.cleanup()
        body = {"message": error.message, "hint": error.hint, "param": error.param, "code": error.code}
        return JSONResponse({"error": body}, error.http_status)
    told: dict[str, Any] = {"run": run.id, "status": run.status, "output": output, "error": run.error}
    question = served.question(run.id)
    if question is not None:
        told["asks"] = {"step": question.step, "tool": question.tool, "digest": question.digest}
    return JSONResponse(told)


async def _from_json(served: Served, request: Request) -> dict[str, Any]:
    try:
        data: Any = await request.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise InvalidRequestError("The body is no JSON object.", hint="Send the parameters by name.")
    given = cast("dict[str, Any]", data)
    for name, parameter in served.shown.items():
        if parameter.type in ("file", "folder") and name in given:
            raise InvalidRequestError(
                f"'{name}' is a {parameter.type}: paths on the server are not taken.",
                hint="Send the request as a form (multipart) with the files.",
                param=name,
            )
    _known(served, given)
    return given


async def _given(served: Served, data: FormData, folder: Path) -> dict[str, Any]:
    """The parameters in a form; files are written below a folder of this request."""
    given: dict[str, Any] = {}
    for name, parameter in served.shown.items():
        sent = [one for one in data.getlist(name) if isinstance(one, UploadFile) and one.filename]
        if parameter.type not in ("file", "folder"):
            value = data.get(name)
            if isinstance(value, str) and value:
                given[name] = value
        elif sent:
            place = folder / f"{name}-{secrets.token_hex(4)}"
            place.mkdir()
            paths = [await _written(one, place) for one in sent]
            given[name] = str(place if parameter.type == "folder" else paths[0])
    _known(served, dict.fromkeys(data))
    return given


def _known(served: Served, given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in served.shown:
            raise InvalidRequestError(f"There is no parameter '{name[:80]}' to give.", param=name)


async def _written(file: UploadFile, place: Path) -> str:
    """A file under the last part of its name, nowhere else."""
    name = Path((file.filename or "file").replace("\\", "/")).name.lstrip(".") or "file"
    path = place / name[-120:]
    path.write_bytes(await file.read())
    return str(path)
