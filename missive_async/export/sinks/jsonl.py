"""One file per stream, one JSON object a line, byte for byte as Missive sent it."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

_BUFFER = 1 << 18


class JsonLines:
    """`STREAM.jsonl` files in a folder; sizes are bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}
        self._sizes: dict[str, int] = {}
        self._dirty: set[str] = set()

    def path(self, stream: str) -> Path:
        """The file of a stream."""
        return self._folder / f"{stream}.jsonl"

    def open(self, stream: str, size: int) -> None:
        """Make a stream's file ready, and cut off what was written after it was last saved.

        Raises `OSError` when the file has less than it had then.
        """
        file = self.path(stream).open("r+b" if self.path(stream).exists() else "w+b", buffering=_BUFFER)
        found = file.seek(0, os.SEEK_END)
        if found < size:
            file.close()
            raise OSError(f"{self.path(stream)} has {found:,} bytes, and had {size:,} when the export broke off")
        file.truncate(size)
        file.seek(size)
        self._files[stream] = file
        self._sizes[stream] = size

    def write(self, stream: str, lines: Sequence[bytes]) -> None:
        """Add lines."""
        if not lines:
            return
        block = b"\n".join(lines) + b"\n"
        self._files[stream].write(block)
        self._sizes[stream] += len(block)
        self._dirty.add(stream)

    def save(self) -> Mapping[str, int]:
        """Bring what was written to the disk, and give the bytes of each stream."""
        for stream in sorted(self._dirty):
            file = self._files[stream]
            file.flush()
            os.fsync(file.fileno())
        self._dirty.clear()
        return dict(self._sizes)

    def rows(self, stream: str) -> Iterator[bytes]:
        """The lines of a stream."""
        with self.path(stream).open("rb", buffering=_BUFFER) as file:
            left = self._sizes[stream]
            while left > 0:
                line = file.readline()
                left -= len(line)
                yield line

    def describe(self, stream: str) -> dict[str, Any]:
        """The file's name, bytes and checksum."""
        path = self.path(stream)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        return {"file": path.name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()
