"""What it costs to make typed models, datetimes included, of a page of 50 conversations, beside making plain dicts.

python benchmarks/decode.py [--rounds 25] [--repeats 40]

"other" is `orjson.loads` of the same bytes, which makes dicts and leaves times as integers. Interleaved rounds in one
process, CPU time; the ratio is the median over the rounds.
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from types import GenericAlias, UnionType
from typing import Any, get_args, get_type_hints

import attrs
import msgspec
import orjson
import pydantic
from _pages import conversations_page
from _report import finish, ratio_line

from missive_async import _codec
from missive_async.resources.conversations import Conversation

_COUNT = 50


def _pydantic_model(kind: Any) -> Any:
    """The same as a pydantic model, all the way down."""
    if attrs.has(kind):
        hints = get_type_hints(kind)
        fields: dict[str, Any] = {
            field.name: (_pydantic_model(hints[field.name]), ... if field.default is attrs.NOTHING else field.default)
            for field in attrs.fields(kind)
        }
        return pydantic.create_model(kind.__name__, __config__={"frozen": True}, **fields)
    parts = tuple(map(_pydantic_model, get_args(kind)))
    if isinstance(kind, UnionType):
        return parts[0] | parts[1]
    return GenericAlias(tuple, parts) if parts else kind


def _decoders() -> dict[str, Callable[[bytes], list[Any]]]:
    rows: Any = GenericAlias(list, (_pydantic_model(Conversation),))
    page: Any = pydantic.create_model("Page", conversations=(rows, ...))
    return {
        "ours": _codec.many("conversations", Conversation),
        "msgspec to dicts": lambda body: msgspec.json.decode(body)["conversations"],
        "pydantic": lambda body: page.model_validate_json(body).conversations,
        "orjson.loads, then cattrs": lambda body: [
            _codec.from_dict(row, Conversation) for row in orjson.loads(body)["conversations"]
        ],
    }


def _seconds(decode: Callable[[bytes], object], body: bytes, repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        decode(body)
    return (time.process_time() - start) / repeats


def _interleaved(
    decode: Callable[[bytes], object], body: bytes, rounds: int, repeats: int
) -> tuple[list[float], list[float]]:
    """Two series, ours or another's and that of `orjson.loads`."""
    pairs = [(_seconds(decode, body, repeats), _seconds(orjson.loads, body, repeats)) for _ in range(rounds)]
    return [mine for mine, _ in pairs], [other for _, other in pairs]


def _compare(body: bytes, rounds: int, repeats: int) -> bool:
    decoders = _decoders()
    for name in list(decoders)[1:]:
        costs, base = _interleaved(decoders[name], body, rounds, repeats)
        ratio = statistics.median(mine / other for mine, other in zip(costs, base, strict=True))
        print(f"{name:<44} {statistics.median(costs) * 1e6:14.2f} µs{'ratio':>39} {ratio:5.2f}")
    costs, base = _interleaved(decoders["ours"], body, 4 * rounds, repeats)
    return ratio_line("ours", costs, base, 1.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    results = []
    for kind in ("documented", "busy"):
        body = json.dumps({"conversations": conversations_page(_COUNT, kind)}, separators=(",", ":")).encode()
        made = [decode(body) for decode in _decoders().values()]
        assert all(len(rows) == _COUNT for rows in made)
        assert isinstance(made[0][0].created_at, datetime)
        assert made[0][0].created_at == made[2][0].created_at == made[3][0].created_at
        gc.freeze()  # the collector's walks through what the imports left are nobody's cost
        print(f"\n{_COUNT} conversations, {kind}: {len(body) / 1000:.0f} kB")
        results.append(_compare(body, arguments.rounds, arguments.repeats))
    finish(results)


if __name__ == "__main__":
    main()
