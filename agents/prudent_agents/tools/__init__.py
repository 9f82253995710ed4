"""The built-in tools by their dotted names. Knows how each is made and nothing of what it does.

from prudent_agents.tools import built_in
tools = [built_in("calculator"), built_in("files.read", root="reports")]
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final

from prudent_agents.errors import ToolDefinitionError
from prudent_agents.tool import Tool


def _calculator(**options: Any) -> Tool:
    from prudent_agents.tools.calculator import calculator

    return calculator(**options)


def _clock_now(**options: Any) -> Tool:
    from prudent_agents.tools.clock import clock_now

    return clock_now(**options)


def _clock_add(**options: Any) -> Tool:
    from prudent_agents.tools.clock import clock_add

    return clock_add(**options)


def _clock_between(**options: Any) -> Tool:
    from prudent_agents.tools.clock import clock_between

    return clock_between(**options)


def _files_read(**options: Any) -> Tool:
    from prudent_agents.tools.files import files_read

    return files_read(**options)


def _files_list(**options: Any) -> Tool:
    from prudent_agents.tools.files import files_list

    return files_list(**options)


def _files_write(**options: Any) -> Tool:
    from prudent_agents.tools.files import files_write

    return files_write(**options)


def _http_get(**options: Any) -> Tool:
    from prudent_agents.tools.http import http_get

    return http_get(**options)


def _http_post(**options: Any) -> Tool:
    from prudent_agents.tools.http import http_post

    return http_post(**options)


def _sql_query(**options: Any) -> Tool:
    from prudent_agents.tools.sql import sql_query

    return sql_query(**options)


def _sql_execute(**options: Any) -> Tool:
    from prudent_agents.tools.sql import sql_execute

    return sql_execute(**options)


def _knowledge_search(**options: Any) -> Tool:
    from prudent_agents.tools.knowledge_search import knowledge_search

    return knowledge_search(**options)


def _vision_read(**options: Any) -> Tool:
    from prudent_agents.tools.vision import vision_read

    return vision_read(**options)


def _vision_classify(**options: Any) -> Tool:
    from prudent_agents.tools.vision import vision_classify

    return vision_classify(**options)


def _audio_transcribe(**options: Any) -> Tool:
    from prudent_agents.tools.audio import audio_transcribe

    return audio_transcribe(**options)


def _audio_say(**options: Any) -> Tool:
    from prudent_agents.tools.audio import audio_say

    return audio_say(**options)


def _table_read(**options: Any) -> Tool:
    from prudent_agents.tools.table import table_read

    return table_read(**options)


def _table_write(**options: Any) -> Tool:
    from prudent_agents.tools.table import table_write

    return table_write(**options)


def _classifier_label(**options: Any) -> Tool:
    from prudent_agents.tools.classifier import classifier_label

    return classifier_label(**options)


def _python_run(**options: Any) -> Tool:
    from prudent_agents.tools.python import python_run

    return python_run(**options)


TOOLS: Final[dict[str, Callable[..., Tool]]] = {
    "calculator": _calculator,
    "clock.now": _clock_now,
    "clock.add": _clock_add,
    "clock.between": _clock_between,
    "files.read": _files_read,
    "files.list": _files_list,
    "files.write": _files_write,
    "knowledge.search": _knowledge_search,
    "http.get": _http_get,
    "http.post": _http_post,
    "sql.query": _sql_query,
    "sql.execute": _sql_execute,
    "vision.read": _vision_read,
    "vision.classify": _vision_classify,
    "audio.transcribe": _audio_transcribe,
    "audio.say": _audio_say,
    "table.read": _table_read,
    "table.write": _table_write,
    "classifier.label": _classifier_label,
    "python.run": _python_run,
}
"""Each tool's factory; its options are keywords. Modules are imported when a tool is made."""


def built_in(name: str, **options: Any) -> Tool:
    """Make a built-in tool, with the options of its factory.

    Raises:
        ToolDefinitionError: there is no such tool, or it has no such option or lacks one.
    """
    factory = TOOLS.get(name)
    if factory is None:
        near = get_close_matches(name, TOOLS, n=1)
        raise ToolDefinitionError(
            f"There is no built-in tool '{name[:80]}'.",
            hint=f"Do you mean {near[0]}?" if near else f"There are: {', '.join(TOOLS)}.",
            param="tools",
        )
    try:
        return factory(**options)
    except TypeError as error:
        raise ToolDefinitionError(
            f"The tool {name} cannot be made with these options: {error}.", param=name
        ) from error
