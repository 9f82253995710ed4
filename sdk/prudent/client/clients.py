"""Client and AsyncClient: options in, resources out. They know no call by name."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from prudent.client.connection import AsyncConnection, Connection, Options
from prudent.client.resources.agents import Agents, AsyncAgents
from prudent.client.resources.audio import AsyncAudio, Audio
from prudent.client.resources.chat import AsyncChat, Chat
from prudent.client.resources.classifiers import AsyncClassifiers, Classifiers
from prudent.client.resources.completions import AsyncTextCompletions, TextCompletions
from prudent.client.resources.embeddings import AsyncEmbeddings, Embeddings
from prudent.client.resources.models import AsyncModels, Models
from prudent.client.resources.moderations import AsyncModerationCalls, ModerationCalls
from prudent.client.resources.safety import AsyncSafety, Safety
from prudent.client.resources.tokens import AsyncTokens, Tokens
from prudent.client.resources.vision import AsyncVision, Vision
from prudent.errors import ConfigurationError
from prudent.types.progress import ProgressListener

MAX_RETRIES = 2


class Client:
    """A client that waits for its answers. Without `base_url` it runs the server in this process.

    `base_url` defaults to PRUDENT_BASE_URL, `api_key` to PRUDENT_API_KEY. `timeout` is in seconds without
    news from the server. `model` is what calls use that name none. `policy` (a policy's name or file) and
    `progress` (told of fetching, compiling and loading) belong to the in-process server. An `http_client`
    that is passed in is used as it is and not closed.

    Use it as a context manager or call `close()`: models stay in memory until then.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int = MAX_RETRIES,
        model: str | None = None,
        policy: str | None = None,
        progress: ProgressListener | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        """Raises ConfigurationError where an option is wrong or could have no effect."""
        options = Options.of(
            base_url,
            api_key=api_key,
            timeout=timeout,
            max_retries=max_retries,
            model=model,
            policy=policy,
            progress=progress,
            own_http=http_client is not None,
        )
        self._connection = Connection(options, http_client)
        self.chat = Chat(self._connection)
        self.completions = TextCompletions(self._connection)
        self.embeddings = Embeddings(self._connection)
        self.tokens = Tokens(self._connection)
        self.vision = Vision(self._connection)
        self.audio = Audio(self._connection)
        self.safety = Safety(self._connection)
        self.moderations = ModerationCalls(self._connection)
        self.models = Models(self._connection)
        self.classifiers = Classifiers(self._connection)
        self.agents = Agents(self._connection)

    def shared(self) -> AsyncClient:
        """A client of the same server, and of the same models in this process, whose calls are awaited.

        Raises:
            ConfigurationError: this one was given an HTTP client of its own.
        """
        options, http = self._connection.options, self._connection.awaited_http()
        if http is None and options.base_url is None:
            raise ConfigurationError(
                "A client that was given its own http_client cannot be shared with callers that await.",
                hint="Make an AsyncClient and use that.",
            )
        return AsyncClient(
            options.base_url,
            api_key=options.api_key,
            timeout=options.timeout,
            max_retries=options.max_retries,
            model=options.model,
            http_client=http,
        )

    def close(self) -> None:
        """Close connections; where the server runs in this process, stop it and free its models."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient:
    """A client whose calls are awaited. Without `base_url` it runs the server in this process.

    Options are those of Client.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int = MAX_RETRIES,
        model: str | None = None,
        policy: str | None = None,
        progress: ProgressListener | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        """Raises ConfigurationError where an option is wrong or could have no effect."""
        options = Options.of(
            base_url,
            api_key=api_key,
            timeout=timeout,
            max_retries=max_retries,
            model=model,
            policy=policy,
            progress=progress,
            own_http=http_client is not None,
        )
        self._connection = AsyncConnection(options, http_client)
        self.chat = AsyncChat(self._connection)
        self.completions = AsyncTextCompletions(self._connection)
        self.embeddings = AsyncEmbeddings(self._connection)
        self.tokens = AsyncTokens(self._connection)
        self.vision = AsyncVision(self._connection)
        self.audio = AsyncAudio(self._connection)
        self.safety = AsyncSafety(self._connection)
        self.moderations = AsyncModerationCalls(self._connection)
        self.models = AsyncModels(self._connection)
        self.classifiers = AsyncClassifiers(self._connection)
        self.agents = AsyncAgents(self._connection)

    async def close(self) -> None:
        """Close connections; where the server runs in this process, stop it and free its models."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
