"""A recipe that was checked, ready to run: what everything else is made of. Knows no command line."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from prudent.errors import ConfigurationError, NotFoundError
from prudent_agents.recipes.checking import PLACES, Checked, check_text
from prudent_agents.recipes.compiling import budget_of, plan_of, planner_of, worker_of
from prudent_agents.recipes.document import RecipeDocument
from prudent_agents.recipes.parameters import read_parameters
from prudent_agents.recipes.problems import Problem, nearest
from prudent_agents.recipes.references import is_reference, literal, parse_reference
from prudent_agents.recipes.rulebook import rules_of
from prudent_agents.recipes.structure import MAX_BYTES
from prudent_agents.recipes.toolbox import Toolbox, as_stern
from prudent_agents.rules import Rules
from prudent_agents.tool import Tool
from prudent_agents.values import JSON, Value

if TYPE_CHECKING:
    from prudent.client import AsyncClient, Client
    from prudent_agents.agent import Agent
    from prudent_agents.models.driver import Model
    from prudent_agents.plan import Plan
    from prudent_agents.run import Run
    from prudent_agents.running.recording import Journal
    from prudent_agents.running.work import Approve

FILE = "recipe.yaml"


@dataclass(frozen=True)
class RecipeRun:
    """A run of a recipe, and its output as the recipe wants it put together."""

    run: Run
    output: JSON


class Recipe:
    """One recipe: what it needs, what it may do, and how it runs."""

    def __init__(
        self, text: str, source: str, *, folder: Path | None = None, tools: Iterable[Tool] = ()
    ) -> None:
        """Check a recipe's text. `folder` is where its samples lie. Raises RecipeError."""
        self.text = text
        self.source = source
        self.folder = folder
        self.box = Toolbox(tools)
        self.checked: Checked = check_text(source, text, self.box)

    @classmethod
    def load(cls, place: str | Path, *, tools: Iterable[Tool] = ()) -> Self:
        """Load a recipe from a file, from a folder with a recipe.yaml, or by its name in the gallery.

        Raises:
            RecipeError: it is wrong; all that is wrong is said.
            NotFoundError: there is none.
        """
        path = find_recipe(place)
        return cls(read_text(path), shown_path(path), folder=path.parent, tools=tools)

    def moved(self, folder: Path) -> Self:
        """The same recipe with its samples in another folder."""
        other = copy.copy(self)
        other.folder = folder
        return other

    @property
    def document(self) -> RecipeDocument:
        """What the file says."""
        return self.checked.document

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.document.name

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is allowed and probably not meant."""
        return self.checked.warnings

    @property
    def digest(self) -> str:
        """SHA-256 of the text: another text is another recipe."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def plan(self) -> Plan:
        """The steps as a plan. Raises ConfigurationError: the recipe has a goal, and its agent plans."""
        if not self.document.steps:
            raise ConfigurationError(
                f"The recipe {self.name} has a goal and no steps.", hint="Its plan is made when it runs."
            )
        return plan_of(self.document)

    def inputs(self, given: Mapping[str, Any], *, base: Path | None = None) -> dict[str, Value]:
        """The values of a run, with labels. Raises InvalidRequestError: one is missing or wrong."""
        return read_parameters(self.document.parameters, given, base=base, home=self.folder)

    def tools(self, inputs: Mapping[str, Value]) -> list[Tool]:
        """The tools with their settings, as this run has them. Raises ToolDefinitionError."""
        made: list[Tool] = []
        for entry in self.document.tools:
            name, options = (entry, None) if isinstance(entry, str) else next(iter(entry.items()))
            settings = {} if options is None else options.with_
            filled = {key: self._setting(key, value, inputs) for key, value in settings.items()}
            tool = self.box.make(name, {key: value for key, value in filled.items() if value is not None})
            made.append(as_stern(tool, None if options is None else options.effect))
        return made

    def agent(
        self,
        inputs: Mapping[str, Value],
        *,
        client: Client | AsyncClient | str | None = None,
        model: str | Model | None = None,
        journal: Journal | None = None,
        durable: bool = True,
    ) -> Agent:
        """The agent that runs the recipe with these inputs. `model` goes before the recipe's own."""
        from prudent_agents.agent import Agent

        document = self.document
        plain = {name: value.data for name, value in inputs.items()}
        return Agent(
            tools=self.tools(inputs),
            model=model or worker_of(document),
            planner=planner_of(document),
            client=client if client is not None else self._client(),
            instructions=document.instructions,
            rules=Rules(rules_of(document, plain)),
            budget=budget_of(document),
            journal=journal,
            durable=durable,
            name=document.name,
        )

    def run(
        self,
        given: Mapping[str, Any] | None = None,
        *,
        base: Path | None = None,
        approve: Approve | None = None,
        **options: Any,
    ) -> RecipeRun:
        """Run the recipe and wait for it. `options` are those of `agent`.

        A run that fails or waits is returned, not raised: see its status.

        Raises:
            InvalidRequestError: a parameter is missing or wrong.
        """
        inputs = self.inputs(given or {}, base=base)
        with self.agent(inputs, **options) as agent:
            if self.document.steps:
                run = agent.execute(self.plan, inputs=inputs, approve=approve)
            else:
                run = agent.run(self.document.goal or "", inputs=inputs, approve=approve)
        return RecipeRun(run, self.output(run))

    def resume(
        self,
        run: str,
        *,
        journal: Journal | None = None,
        approve: Approve | None = None,
        decision: bool | None = None,
        answer: str | None = None,
        **options: Any,
    ) -> RecipeRun:
        """Go on with a run of this recipe, with the parameters that it was begun with. See `Agent.resume`."""
        from prudent_agents.events import RunStarted
        from prudent_agents.journal import SqliteJournal

        kept = SqliteJournal() if journal is None else journal
        started = kept.events(run)[0]
        inputs = started.inputs if isinstance(started, RunStarted) else {}
        with self.agent(inputs, journal=kept, **options) as agent:
            ended = agent.resume(run, approve=approve, decision=decision, answer=answer)
        if journal is None and isinstance(kept, SqliteJournal):
            kept.close()
        return RecipeRun(ended, self.output(ended))

    def output(self, run: Run, results: Mapping[str, Value] | None = None) -> JSON:
        """What a run gives, as the recipe's `output` says, of its `results`; what was not reached is None."""
        wanted, known = self.document.output, run.results if results is None else results
        if wanted is None:
            return run.state.output
        if isinstance(wanted, str):
            return value_at(known, wanted)
        return {name: value_at(known, text) for name, text in wanted.items()}

    def _setting(self, key: str, value: Any, inputs: Mapping[str, Value]) -> JSON:
        """A tool's setting. A root named by the recipe is in its own folder; that of a file is its folder."""
        found = value_at(inputs, value) if is_reference(value) else literal(value)
        if key in PLACES and isinstance(found, str):
            path = Path(found) if is_reference(value) else (self.folder or Path.cwd()) / found
            return str(path.parent if key == "root" and path.is_file() else path)
        return found

    def _client(self) -> Client | None:
        """A client of this process, where the recipe names a policy of its own."""
        if self.document.policy.checks is None:
            return None
        from prudent.client import Client

        return Client(policy=self.document.policy.checks)


def value_at(results: Mapping[str, Value], text: str) -> JSON:
    """What a reference stands for in a run's results, None where it was not reached."""
    reference = parse_reference(text if text.startswith("$") else f"${text}")
    if reference is None or reference.step not in results:
        return None
    data: Any = results[reference.step].data
    for part in reference.path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def find_recipe(place: str | Path) -> Path:
    """The file of a recipe. Raises NotFoundError, with the nearest name of the gallery."""
    path = Path(place).expanduser()
    if path.is_dir():
        path = path / FILE
    if path.is_file():
        return path
    names = gallery()
    if str(place) in names:
        return names[str(place)]
    raise NotFoundError(
        f"There is no recipe '{str(place)[:200]}'.",
        hint=f"{nearest(str(place), names)} Anything else is a YAML file, or a folder with a {FILE}.",
    )


def gallery() -> dict[str, Path]:
    """The recipes that come with prudent, by name."""
    folder = Path(__file__).parent / "gallery"
    if not folder.is_dir():
        return {}
    return {one.parent.name: one for one in sorted(folder.glob(f"*/{FILE}"))}


def read_text(path: Path) -> str:
    """A recipe's text. Raises ConfigurationError: it is too long, or no text."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError(f"{path}: a recipe has at most {MAX_BYTES >> 10} KiB.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: this is no UTF-8 text.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def shown_path(path: Path) -> str:
    """A path as messages show it: short where it is below the working directory."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
