"""What Missive makes of bodies and files that are sent to it."""

import re
from html import unescape
from mimetypes import guess_type
from random import Random

from missive_async.simulator.records import JSON

_TAGS = re.compile(r"<[^>]*>")
_PREVIEW = 140


def preview_of(body: str) -> str:
    """Return the first words of a body without its HTML."""
    return " ".join(unescape(_TAGS.sub(" ", body)).split())[:_PREVIEW]


def media_of(id: str, file: JSON, rng: Random) -> JSON:
    """Return the attachment that a file becomes; of an image the size in pixels is made up."""
    name = str(file["filename"])
    media, _, sub = (guess_type(name)[0] or "application/octet-stream").partition("/")
    pixels = rng.randrange(20, 2000) if media == "image" else None
    return {
        "id": id,
        "filename": name,
        "extension": name.rpartition(".")[2] if "." in name else "",
        "url": f"https://attachments.example.com/{id}/file?Expires=1760003600&Signature=x",
        "media_type": media,
        "sub_type": sub,
        "size": file["size"],
        "width": pixels,
        "height": pixels,
    }
