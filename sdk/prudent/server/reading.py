"""An image or a PDF that is read, as the guard and the checks see it. Knows no HTTP.

What stands in an image is text of source `image`, what stands in a PDF of source `document`.
"""

from __future__ import annotations

from collections.abc import Sequence

from prudent.capabilities.interface import Models
from prudent.capabilities.interface.reading import READING, ReadingOptions
from prudent.capabilities.offload import offload
from prudent.server.attended import Performed
from prudent.server.image_source import ImageSource
from prudent.server.read_pages import with_text
from prudent.types.content import Source
from prudent.types.image import image_reference
from prudent.types.reading import READ_TEXT, ReadText, ReadTextRequest
from prudent.types.safety import PromptFilterResult, SafetyInfo
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.verdict import merged

_PDF = "PDF"


class ReadImage(Performed[ReadText]):
    """A file to the text in it."""

    def __init__(self, request: ReadTextRequest, source: ImageSource) -> None:
        self.route = READ_TEXT.path
        self.model = request.model or READING.default
        self.user = request.user
        self.metadata = request.metadata
        self._request = request
        self._source = source
        self._options = ReadingOptions(
            name=image_reference(request.image).name,
            pages=None if request.pages is None else tuple(request.pages),
            words=request.words,
            use_text_layer=request.text_layer == "auto",
        )

    async def perform(self, models: Models) -> ReadText:
        """Fetch the bytes, then read them."""
        data = await self._source.read(self._request.image)
        async with models.lease(READING, self._request.model) as model:
            document = await offload(model.read, data, self._options)
            return ReadText(
                model=model.id,
                text="\n\n".join(page.text for page in document.pages),
                pages=list(document.pages),
                image=document.info,
                pages_total=document.pages_total,
            )

    def outputs(self, result: ReadText) -> Sequence[Part]:
        """What was read, a text a page."""
        source = Source.DOCUMENT if result.image.format == _PDF else Source.IMAGE
        pages = [page for page in result.pages if page.text]
        return [Part(page.text, source, 0, index) for index, page in enumerate(pages)]

    def with_outputs(
        self, result: ReadText, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> ReadText:
        """The result with the texts as they may be seen, in pages, lines and words."""
        allowed = iter(texts)
        pages = [with_text(page, next(allowed)) if page.text else page for page in result.pages]
        return result.model_copy(
            update={
                "text": "\n\n".join(page.text for page in pages),
                "pages": pages,
                "content_filter_results": merged(verdict.content_filter_results for verdict in verdicts),
            }
        )

    def with_safety(
        self, result: ReadText, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> ReadText:
        """The result with what stood guard."""
        del prompt
        return result.model_copy(update={"safety": safety})
