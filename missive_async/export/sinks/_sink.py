"""What every place for records must be able to do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol


class Sink(Protocol):
    """Takes records in order and can go back to any state that was saved.

    Called from one thread at a time, never from the event loop.
    """

    def open(self, stream: str, size: int) -> None:
        """Make a stream ready, and forget what it has beyond `size`, which `save` gave."""

    def write(self, stream: str, lines: Sequence[bytes]) -> None:
        """Add records to a stream that is open."""

    def save(self) -> Mapping[str, int]:
        """Make what was written last, and give the size of each stream."""

    def rows(self, stream: str) -> Iterator[bytes]:
        """The records of a stream, as they were written."""

    def describe(self, stream: str) -> dict[str, Any]:
        """What the manifest says of a stream that is complete: its place, its size, its checksum."""

    def close(self) -> None:
        """Let go of what is open; nothing is lost by leaving it out."""
