"""The one place that talks to espeak-ng: text to its IPA phonemes. Knows no voice of ours and no file of
sound.

espeak-ng is under the GPL-3.0-or-later and not a part of prudent: the extra `speech` brings it (the package
espeakng-loader: the library and its data), and it is loaded when something is to be said for the first time.
Its state is one for the whole process, so calls take turns. `docs/speech.md` says more on the licence.
"""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any, Final

from prudent.errors import ConfigurationError, InternalError

_SYNCHRONOUS: Final = 2
_DO_NOT_EXIT: Final = 0x8000
_UTF8: Final = 1
_IPA: Final = 2
_LONGEST_PATH: Final = 150
"""espeak-ng keeps the path of its data in 160 bytes and cuts a longer one."""

_CLAUSE = re.compile(r"(.+?)([,;:.!?]+)[\"'\u201d\u2019)\]]*(?:\s+|$)", re.DOTALL)
_SWITCH = re.compile(r"\([a-z-]+\)")
"""What espeak writes around words that it takes for another language's."""


class Espeak:
    """The loaded library. Safe to use from several threads, as long as nobody else in the process uses it."""

    def __init__(self, library: Path, data: Path) -> None:
        """Load it; `data` is the folder espeak-ng-data.

        Raises:
            ConfigurationError: it cannot be loaded.
        """
        self._turn = threading.Lock()
        self._short_path: tempfile.TemporaryDirectory[str] | None = None
        try:
            self._library: Any = ctypes.CDLL(str(library))
            self._library.espeak_TextToPhonemes.argtypes = [
                ctypes.POINTER(ctypes.c_void_p),
                ctypes.c_int,
                ctypes.c_int,
            ]
            self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
            path = os.fsencode(self._short(data))
            rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, path, _DO_NOT_EXIT)
        except (OSError, AttributeError) as error:
            raise _not_usable("its library cannot be loaded") from error
        if rate <= 0:
            raise _not_usable("it does not find its data")

    def phonemes(self, text: str, voice: str) -> str:
        """A sentence's phonemes, with the punctuation that a voice hears as pauses and tones.

        Raises:
            ConfigurationError: espeak-ng does not have this voice.
        """
        said: list[str] = []
        rest = text.strip().replace("\0", " ")
        with self._turn:
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise _not_usable(f"it has no voice {voice}")
            for clause, mark in _clauses(rest):
                if phonemes := self._clause(clause + mark):
                    said.append(phonemes + mark)
        return " ".join(said)

    def _clause(self, text: str) -> str:
        buffer = ctypes.create_string_buffer(text.encode("utf-8", "replace"))
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        parts: list[str] = []
        for _ in range(len(buffer)):  # each call takes a byte at least
            if not place.value:
                return " ".join(parts)
            made: bytes | None = self._library.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, _IPA)
            if made:
                parts.append(_SWITCH.sub("", made.decode("utf-8", "replace")).strip())
        raise InternalError("espeak-ng does not come to the end of a text.")

    def _short(self, data: Path) -> Path:
        """The folder, or a link to it where its path is too long for espeak-ng."""
        if len(os.fsencode(data)) <= _LONGEST_PATH:
            return data
        self._short_path = tempfile.TemporaryDirectory(prefix="prudent-espeak-")
        link = Path(self._short_path.name) / data.name
        link.symlink_to(data)
        return link


@cache
def load_espeak() -> Espeak:
    """The library of the extra `speech`, loaded once for the process.

    Raises:
        ConfigurationError: it is not installed, or does not work on this machine.
    """
    try:
        import espeakng_loader
    except ImportError:
        raise ConfigurationError(
            "Speech needs espeak-ng, which turns text into phonemes and is not installed.",
            hint="Run `pip install 'prudent[speech]'`. espeak-ng is under the GPL-3.0-or-later; prudent"
            " itself is not, and does not contain it.",
        ) from None
    loader: Any = espeakng_loader
    return Espeak(Path(str(loader.get_library_path())), Path(str(loader.get_data_path())))


def _clauses(text: str) -> list[tuple[str, str]]:
    """A sentence's clauses, each with the last mark that ends it; "" where none does."""
    found: list[tuple[str, str]] = []
    end = 0
    for match in _CLAUSE.finditer(text):
        found.append((match[1], _mark(match[2])))
        end = match.end()
    if rest := text[end:].strip():
        found.append((rest, ""))
    return found


def _mark(marks: str) -> str:
    """What several marks come to, as `?!`: espeak-ng goes by the first."""
    return marks[0]


def _not_usable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"espeak-ng cannot be used: {why}.",
        hint="Run `pip install --force-reinstall espeakng-loader`, or use a machine that it has a build for.",
    )
