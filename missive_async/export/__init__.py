"""A whole account to files, as fast as Missive allows it; killed at any moment, it goes on where it was."""

from missive_async.export.account import Account
from missive_async.export.checkpoint import Note
from missive_async.export.manifest import Manifest
from missive_async.export.plan import STREAMS
from missive_async.export.progress import Progress
from missive_async.export.run import export_account

__all__ = ["STREAMS", "Account", "Manifest", "Note", "Progress", "export_account"]
