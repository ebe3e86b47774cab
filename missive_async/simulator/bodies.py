"""Reading the JSON of a request: each function returns what was sent or refuses it by name."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Collection
from typing import Any

from missive_async.simulator.calls import Call
from missive_async.simulator.indexes import Shelf
from missive_async.simulator.records import JSON, Entry
from missive_async.simulator.refusals import BAD_IDS, invalid, missing

MAX_ATTACHMENTS = 25
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})|good|warning|danger")


def one(call: Call, envelope: str) -> JSON:
    """Return the object under the envelope."""
    data = _content(call, envelope)
    if not isinstance(data, dict):
        raise invalid(f"'{envelope}' must be an object")
    return data


def several(call: Call, envelope: str) -> list[JSON]:
    """Return the array under the envelope; a single object counts as an array of one."""
    data = _content(call, envelope)
    listed = [data] if isinstance(data, dict) else data
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise invalid(f"'{envelope}' must be an array of objects")
    return listed


def changes(call: Call, envelope: str) -> list[JSON]:
    """Return the array of an update, whose ids must be those of the path, in the order of the path."""
    data = _content(call, envelope)
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise invalid(BAD_IDS)
    by_id = {str(item.get("id")): item for item in data}
    ids = call.ids()
    if len(by_id) != len(data) or by_id.keys() != set(ids):
        raise invalid(BAD_IDS)
    return [by_id[id] for id in ids]


def _content(call: Call, envelope: str) -> Any:
    data = call.body.get(envelope) if isinstance(call.body, dict) else None
    if not data:
        raise invalid(f"param is missing or the value is empty: {envelope}")
    return data


def need(data: JSON, *names: str) -> None:
    """Refuse an object without one of the attributes."""
    for name in names:
        if data.get(name) in (None, "", [], {}):
            raise invalid(f"'{name}' is required")


def text(data: JSON, name: str, most: int | None = None) -> str | None:
    """Return a string or None."""
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"'{name}' must be a string")
    if value is not None and most is not None and len(value) > most:
        raise invalid(f"Validation failed: {name} is too long (maximum is {most} characters)")
    return value


def integer(data: JSON, name: str) -> int | None:
    """Return an integer or None."""
    value = data.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise invalid(f"'{name}' must be an integer")
    return value


def boolean(data: JSON, name: str) -> bool:
    """Return a boolean, False when it is absent."""
    value = data.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(f"'{name}' must be a boolean")
    return bool(value)


def strings(data: JSON, name: str) -> list[str]:
    """Return an array of strings, empty when it is absent."""
    value = data.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"'{name}' must be an array of strings")
    return value


def objects(data: JSON, name: str) -> list[JSON]:
    """Return an array of objects, empty when it is absent."""
    value = data.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid(f"'{name}' must be an array of objects")
    return value


def choice(data: JSON, name: str, values: Collection[str]) -> str | None:
    """Return one of the values, or None."""
    value = text(data, name)
    if value is not None and value not in values:
        raise invalid(f"'{name}' must be one of {', '.join(values)}")
    return value


def color(data: JSON, name: str = "color") -> str | None:
    """Return a color: hexadecimal, good, warning or danger."""
    value = text(data, name)
    if value is not None and _COLOR.fullmatch(value) is None:
        raise invalid(f"'{name}' is not a valid color")
    return value


def known(shelf: Shelf[Entry], data: JSON, name: str, kind: str | None = None) -> list[str]:
    """Return the id or ids of an attribute, all of which must be records of a shelf."""
    ids = strings(data, name) if isinstance(data.get(name), list) else [value for value in [text(data, name)] if value]
    for id in ids:
        if shelf.get(id) is None:
            raise invalid(f"{kind or name} with id {id} does not exist")
    return ids


def files(data: JSON) -> list[JSON]:
    """Return the attachments that are files, with their sizes; 25 at most."""
    attachments = objects(data, "attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise invalid(f"Validation failed: attachments are too many (maximum is {MAX_ATTACHMENTS})")
    return [item | {"size": _size(item)} for item in attachments]


def _size(item: JSON) -> int:
    need(item, "base64_data", "filename")
    try:
        return len(b64decode(item["base64_data"], validate=True))
    except (Error, TypeError, ValueError):
        raise invalid("'base64_data' is not valid base64") from None


def existing(shelf: Shelf[Entry], ids: Collection[str]) -> list[Entry]:
    """Return the records of a path, all of which must exist."""
    records = [record for id in ids if (record := shelf.get(id))]
    if len(records) != len(ids):
        raise missing()
    return records
