"""A chat on a web page: `uvicorn web_chat:create_app --factory`, then POST /chat {"text": "Hello"}.

The answer is streamed as it passes the checks. A question that the policy refuses gets a 400 that says why.
"""

from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from prudent import AsyncClient, PrudentError

MOST_TURNS = 20
MOST_CHARACTERS = 8_000


class Turn(BaseModel):
    """What was said before."""

    role: str = Field(pattern="^(user|assistant)$")
    content: str = Field(max_length=MOST_CHARACTERS)


class Question(BaseModel):
    """What the page sends."""

    text: str = Field(min_length=1, max_length=MOST_CHARACTERS)
    before: list[Turn] = Field(default=[], max_length=MOST_TURNS)


def create_app(client: AsyncClient | None = None) -> FastAPI:
    """The app; without a client the models run in this process."""
    app = FastAPI()
    asked = client or AsyncClient(policy="strict")

    @app.post("/chat")
    async def chat(question: Question) -> Response:
        """Stream an answer as text."""
        messages = [turn.model_dump() for turn in question.before]
        messages.append({"role": "user", "content": question.text})
        try:
            stream = await asked.chat.completions.create(messages=messages, max_tokens=400, stream=True)
        except PrudentError as error:
            return JSONResponse({"error": error.message, "hint": error.hint}, status_code=error.http_status)

        async def pieces() -> AsyncIterator[str]:
            async with stream:  # who closes the page stops the model
                async for chunk in stream:
                    yield chunk.text
                    for choice in chunk.choices:
                        if choice.finish_reason == "content_filter":
                            yield "\n[The rest was stopped by the checks.]"

        return StreamingResponse(pieces(), media_type="text/plain; charset=utf-8")

    return app
