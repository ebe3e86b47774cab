"""The folder of an export: what may be in it, and what is done with that. Nothing is touched that is not ours."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from missive_async.errors import ConfigurationError
from missive_async.export import checkpoint
from missive_async.export.account import Account
from missive_async.export.plan import STREAMS

MANIFEST = "manifest.json"
PARENTS = "parents.csv"
FORMAT = "missive-async export 1"

_JOURNALS = ("", "-wal", "-shm", "-journal")


@attrs.frozen(kw_only=True)
class Folder:
    """A folder to export to, as it was found: `manifest` is that of the export in it, `begun` that it may go on."""

    path: Path
    created: bool = False
    begun: bool = False
    manifest: dict[str, Any] | None = None

    @classmethod
    def examine(cls, path: Path, *, restart: bool) -> "Folder":
        """Look at a folder, and make it when it is not there.

        Raises `ConfigurationError` for one that is no folder, cannot be written, has files that are not ours, or holds
        a finished export that is not to be made anew.
        """
        try:
            created = not path.exists()
            path.mkdir(parents=True, exist_ok=True)
            found = {entry.name for entry in path.iterdir()}
        except FileExistsError as error:
            raise ConfigurationError(f"{path} is a file: a folder is needed") from error
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be used: {error.strerror or error}") from error
        if not os.access(path, os.W_OK | os.X_OK):
            raise ConfigurationError(f"{path} cannot be written")
        manifest = _manifest(path / MANIFEST) if MANIFEST in found else None
        folder = cls(path=path, created=created, begun=checkpoint.NAME in found, manifest=manifest)
        folder.check(found, restart=restart)
        return folder

    def again(self, *, restart: bool) -> "Folder":
        """Look once more, now that no other run can have it: one may just have ended."""
        now = attrs.evolve(self, manifest=_manifest(self.path / MANIFEST))
        now.check(set(), restart=restart)
        return now

    @property
    def finished(self) -> bool:
        """Whether it holds a whole export."""
        return self.manifest is not None and self.manifest.get("complete") is True

    @property
    def account(self) -> Account | None:
        """Whose finished export it holds."""
        found = (self.manifest or {}).get("account")
        if not isinstance(found, dict):
            return None
        return Account(organizations=found.get("organizations", ()), user=found.get("user"))

    def check(self, found: set[str], *, restart: bool) -> None:
        """Refuse a folder that has other files than ours (`found` are their names), or that has what is not to go."""
        if not self.begun and self.manifest is None:
            strange = sorted(name for name in found if not name.startswith("."))
            if strange:
                listed = ", ".join(strange[:3]) + (", ..." if len(strange) > 3 else "")
                raise ConfigurationError(
                    f"{self.path} holds files that are no export's ({listed}): choose an empty one"
                )
        if self.finished and not self.begun and not restart:  # with a checkpoint left, it was killed at its very end
            at = (self.manifest or {}).get("finished_at", "an unknown time")
            raise ConfigurationError(
                f"{self.path} holds a finished export of {at}: "
                "choose another folder, or restart (--restart) to make it anew"
            )

    def clear(self) -> None:
        """Remove an earlier export's files, but for the checkpoint."""
        for name in (MANIFEST, PARENTS, *(f"{stream}.jsonl" for stream in STREAMS)):
            (self.path / name).unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the checkpoint."""
        for suffix in _JOURNALS:
            (self.path / f"{checkpoint.NAME}{suffix}").unlink(missing_ok=True)

    def leave(self) -> None:
        """Leave it as it was found, when nothing was written."""
        if not self.begun:
            self.forget()
        if self.created and not any(self.path.iterdir()):
            self.path.rmdir()


def replace(path: Path, parts: Iterable[str]) -> tuple[int, str]:
    """Write a file whole, or not at all; gives its bytes and its SHA-256."""
    new = path.with_name(f".{path.name}.new")
    size, digest = 0, hashlib.sha256()
    with new.open("wb") as file:
        for part in parts:
            content = part.encode()
            size += file.write(content)
            digest.update(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    return size, digest.hexdigest()


def _manifest(path: Path) -> dict[str, Any] | None:
    """A manifest of ours, `None` for any other file of that name."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("format") == FORMAT else None
