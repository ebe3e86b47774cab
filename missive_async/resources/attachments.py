"""Files: as messages have them, and as they are sent. Sections 3.5 and 3.6 of the 2026 page."""

import base64
import os
from pathlib import Path
from typing import Self

import anyio.to_thread
import attrs

from missive_async._pipeline import MAX_BODY
from missive_async.errors import InvalidRequest
from missive_async.resources._models import seldom

_LARGEST = MAX_BODY * 3 // 4


@attrs.frozen(kw_only=True)
class _Received:
    id: str | None = None
    filename: str | None = None
    extension: str | None = None
    url: str | None = None
    media_type: str | None = None
    sub_type: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None


@seldom
@attrs.frozen(kw_only=True, slots=False, getstate_setstate=True)
class Attachment(_Received):
    """A file of a message, draft, comment or response, or one to be sent.

    What Missive sends has a `url`, which is signed and works for a short time only: `messages.download` gets it. `size`
    is in bytes; `width` and `height` are those of images. What is sent has `base64_data` and `filename`, as `from_path`
    and `from_bytes` make it; `id` is then a name of your own that the body of a response can refer to.
    """

    base64_data: str | None = attrs.field(default=None, repr=False)

    @classmethod
    async def from_path(
        cls, path: "str | os.PathLike[str]", *, filename: str | None = None, id: str | None = None
    ) -> Self:
        """A file to send, read and encoded in a thread; `filename` is the path's own unless given.

        Raises `InvalidRequest` for a file that does not fit into the 10 MB of a request (7.5 MB at most), `OSError` for
        one that cannot be read. Spends no request.
        """
        return await anyio.to_thread.run_sync(cls._read, Path(path), filename, id)

    @classmethod
    def from_bytes(cls, data: "bytes | bytearray | memoryview", filename: str, *, id: str | None = None) -> Self:
        """A file to send, from what is in it; raises `InvalidRequest` as `from_path` does."""
        if not isinstance(filename, str) or not filename.strip():
            raise InvalidRequest("an attachment needs a filename")
        if not isinstance(data, bytes | bytearray | memoryview):
            raise InvalidRequest(f"an attachment's data is bytes, not {type(data).__name__}")
        if memoryview(data).nbytes > _LARGEST:
            size = memoryview(data).nbytes / 1e6
            raise InvalidRequest(f"{filename} has {size:.1f} MB, more than the 7.5 MB that fit into a request")
        return cls(filename=filename, base64_data=base64.b64encode(data).decode("ascii"), id=id)

    @classmethod
    def _read(cls, path: Path, filename: str | None, id: str | None) -> Self:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise InvalidRequest(f"{path.name} is larger than the 7.5 MB that fit into a request")
        return cls.from_bytes(data, path.name if filename is None else filename, id=id)
