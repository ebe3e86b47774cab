"""Files on disk: names that stay in their folder, and writing that leaves a whole file or none."""

import itertools
import os
import re
import secrets
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

import anyio.to_thread

from missive_async.errors import TransportFailed

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST = 200
"""Bytes of a name: file systems take 255, of which a number for a name that is taken needs some."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(filename: str | None, otherwise: str = "attachment") -> str:
    """A name for a file that cannot lead out of its folder, nor be anything but a file, on any system.

    Of a path it is the last part; what is no name at all becomes `otherwise`.
    """
    name = re.split(r"[/\\]", filename or "")[-1]
    name = "".join("_" if _unfit(character) else character for character in name)
    name = name.strip().rstrip(". ")
    if not name.strip("._ "):
        return otherwise
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    suffix = _cut(Path(name).suffix, _LONGEST // 4)
    return _cut(Path(name).stem, _LONGEST - len(suffix.encode())) + suffix


def _unfit(character: str) -> bool:
    """Control characters, surrogates, marks that turn the direction of text, and what Windows does not take."""
    return character in '<>:"|?*' or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _cut(text: str, length: int) -> str:
    return text.encode()[:length].decode(errors="ignore")


class FileSink:
    """Writes to a temporary file beside its place, which it takes when it is whole; all of it in threads.

    In a folder the file has the name that it is given, made safe, with a number where that name is taken; a path that
    is no folder is taken as it is, and replaced. Always `abandon` it in the end: what is not finished then is gone,
    whatever is still under way in a thread.
    """

    def __init__(self, path: "str | os.PathLike[str]", filename: str | None, size: int | None) -> None:
        self._path = path
        self._filename = filename
        self._size = size
        self._written = 0
        self._file: BinaryIO | None = None
        self._part: Path | None = None
        self._over = False
        self._lock = threading.Lock()
        self.path: Path | None = None

    async def start(self) -> None:
        """Open the temporary file, or empty it to begin again."""
        await anyio.to_thread.run_sync(self._locked(self._start))

    async def write(self, data: bytes) -> None:
        """Add a piece; raises `TransportFailed` for more than there should be."""
        await anyio.to_thread.run_sync(self._locked(self._write), data)

    async def finish(self) -> None:
        """Put the file in its place, and that in `path`; raises `TransportFailed` for less than there should be."""
        await anyio.to_thread.run_sync(self._locked(self._finish))

    def abandon(self) -> None:
        """Remove the temporary file, if it is still there."""
        with self._lock:
            self._over = True
            if self._file is not None:
                self._file.close()
            if self._part is not None:
                self._part.unlink(missing_ok=True)

    def _locked(self, work: Callable[P, None]) -> Callable[P, None]:
        """Threads go on when their caller is cancelled: none may do anything once the file is abandoned."""

        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            with self._lock:
                if not self._over:
                    work(*args, **kwargs)

        return run

    def _start(self) -> None:
        self._written = 0
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
            return
        path = Path(self._path)
        folder = path if self._is_folder() else path.parent
        part = folder / f".missive-{secrets.token_hex(8)}.part"
        self._file = part.open("xb")
        self._part = part

    def _is_folder(self) -> bool:
        text = os.fspath(self._path)
        return text.endswith(("/", os.sep)) or Path(text).is_dir()

    def _write(self, data: bytes) -> None:
        self._written += len(data)
        if self._size is not None and self._written > self._size:
            raise self._not_the_size()
        assert self._file is not None  # noqa: S101 - started
        self._file.write(data)

    def _finish(self) -> None:
        if self._size is not None and self._written != self._size:
            raise self._not_the_size()
        assert self._file is not None  # noqa: S101 - started
        assert self._part is not None  # noqa: S101 - started
        self._file.close()
        if self._is_folder():
            self.path = _take_place(self._part, Path(self._path), safe_name(self._filename))
        else:
            self.path = self._part.replace(self._path)

    def _not_the_size(self) -> TransportFailed:
        more = "more" if self._size is not None and self._written > self._size else f"{self._written:,}"
        return TransportFailed(f"the file should have {self._size:,} bytes and has {more}")


def _take_place(part: Path, folder: Path, name: str) -> Path:
    """Move a file to a name that nothing has; the name is claimed first, so that two downloads cannot both have it."""
    for number in itertools.count(1):
        place = folder / (name if number == 1 else f"{Path(name).stem} ({number}){Path(name).suffix}")
        try:
            place.touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            return part.replace(place)
        except BaseException:
            place.unlink(missing_ok=True)
            raise
    raise AssertionError  # there is always another number
