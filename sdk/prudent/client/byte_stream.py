"""Answers that are bytes, whole or as they come. The names are the openai package's. Knows no capability.

A stream owns its response. Leaving the `with` block, closing, or reading to the end closes it, and a closed
response cancels the work behind it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from prudent.client.drivers import failure

_PIECE = 65_536


class BinaryContent:
    """A whole answer: its bytes, and `headers` (names in lower case) with what the server said of them."""

    def __init__(self, content: bytes, headers: Mapping[str, str]) -> None:
        self.content = content
        self.headers = headers

    @property
    def request_id(self) -> str | None:
        """The server's id of this request, for its log and audit."""
        return self.headers.get("x-request-id")

    def read(self) -> bytes:
        """The bytes."""
        return self.content

    def __bytes__(self) -> bytes:
        return self.content

    def __len__(self) -> int:
        return len(self.content)

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The bytes in pieces of a size, at once."""
        size = chunk_size or _PIECE
        for start in range(0, len(self.content), size):
            yield self.content[start : start + size]

    def write_to_file(self, file: str | os.PathLike[str]) -> None:
        """Write them to a file, which appears whole or not at all. Raises OSError."""
        with _writing(Path(file)) as partial:
            partial.write_bytes(self.content)

    def stream_to_file(self, file: str | os.PathLike[str], *, chunk_size: int | None = None) -> None:
        """As `write_to_file`; the name is the openai package's."""
        del chunk_size
        self.write_to_file(file)


class ByteStream:
    """An answer in pieces as they come.

    Iterating raises ConnectionFailedError where the connection ends before the answer does.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    @property
    def headers(self) -> Mapping[str, str]:
        """What the server said of the bytes."""
        return self._response.headers

    @property
    def request_id(self) -> str | None:
        """The server's id of this request, for its log and audit."""
        return self._response.headers.get("x-request-id")

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The bytes, in pieces of a size where one is given."""
        try:
            yield from self._response.iter_bytes(chunk_size)
        except httpx.TransportError as error:
            raise failure(error, received=True).error from error
        finally:
            self._response.close()

    def __iter__(self) -> Iterator[bytes]:
        return self.iter_bytes()

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self.iter_bytes())

    def stream_to_file(self, file: str | os.PathLike[str], *, chunk_size: int | None = None) -> None:
        """Write it to a file, which appears when it is whole. Raises OSError, and what iterating raises."""
        with _writing(Path(file)) as partial, partial.open("wb") as out:
            for piece in self.iter_bytes(chunk_size):
                out.write(piece)

    def close(self) -> None:
        """Stop. The server stops within a sentence's part."""
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncByteStream:
    """An answer in pieces as they come. Raises what ByteStream raises."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    @property
    def headers(self) -> Mapping[str, str]:
        """What the server said of the bytes."""
        return self._response.headers

    @property
    def request_id(self) -> str | None:
        """The server's id of this request, for its log and audit."""
        return self._response.headers.get("x-request-id")

    async def iter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The bytes, in pieces of a size where one is given."""
        try:
            async for piece in self._response.aiter_bytes(chunk_size):
                yield piece
        except httpx.TransportError as error:
            raise failure(error, received=True).error from error
        finally:
            await self._response.aclose()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.iter_bytes()

    async def read(self) -> bytes:
        """All of it."""
        return b"".join([piece async for piece in self.iter_bytes()])

    async def stream_to_file(self, file: str | os.PathLike[str], *, chunk_size: int | None = None) -> None:
        """Write it to a file, which appears when it is whole. Raises OSError, and what iterating raises."""
        with _writing(Path(file)) as partial, partial.open("wb") as out:
            async for piece in self.iter_bytes(chunk_size):
                out.write(piece)

    async def close(self) -> None:
        """Stop. The server stops within a sentence's part."""
        await self._response.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _writing:  # noqa: N801 used as a function
    """A file beside the one that is wanted, which takes its name when all went well."""

    def __init__(self, wanted: Path) -> None:
        self._wanted = wanted
        self._partial = wanted.with_name(f".{wanted.name}.{os.getpid()}.partial")

    def __enter__(self) -> Path:
        return self._partial

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._partial.replace(self._wanted)
        else:
            self._partial.unlink(missing_ok=True)
