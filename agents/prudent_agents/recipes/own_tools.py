"""Tools of the user's own, from a Python file that they name themselves. A recipe can never name one."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from prudent.errors import ConfigurationError
from prudent_agents.tool import Tool

_MODULE = "prudent_recipe_tools"


def tools_of(path: Path) -> list[Tool]:
    """Run a Python file and return the tools that it defines.

    Raises:
        ConfigurationError: there is no such file, it fails, or it defines none.
    """
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigurationError(f"There is no Python file {path}.", hint="Name a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigurationError(f"{path} fails: {type(error).__name__}: {error}") from error
    found = [one for one in vars(module).values() if isinstance(one, Tool)]
    if not found:
        raise ConfigurationError(f"{path} defines no tool.", hint="Put @tool on a typed function.")
    return found
