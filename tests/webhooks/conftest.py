import json
from pathlib import Path

import pytest

SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*webhook*.json"))


def payload_of(path):
    return json.loads(path.read_text())["payload"]


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def recorded(request):
    """Each payload that was recorded or documented."""
    return payload_of(request.param)


@pytest.fixture
def sample():
    """A payload by a part of its file's name."""

    def find(name):
        (path,) = [path for path in SAMPLES if name in path.name]
        return payload_of(path)

    return find
