"""The attributes of objects that are to be sent, and the rules that the reference has for them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from missive_async.resources._checks import absent, check_flag, check_id, check_ids, check_one_of, check_text
from missive_async.resources._rules import Problems, given

_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


class Attributes:
    """One object of a request as it will be sent; every rule that one of its attributes breaks is noted with its place.

    What is absent or null breaks no rule but that of being required.
    """

    __slots__ = ("problems", "values", "where")

    def __init__(self, problems: Problems, where: str, values: Mapping[str, Any]) -> None:
        self.problems = problems
        self.where = where
        self.values = values

    def place(self, attribute: str) -> str:
        """An attribute with the way to it, as `contacts[0].infos[1].label`."""
        return f"{self.where}.{attribute}"

    def get(self, attribute: str) -> Any:
        """An attribute's value, `None` when it is absent."""
        return self.values.get(attribute)

    def given(self, attribute: str) -> bool:
        """Whether there is something in it."""
        return given(self.values.get(attribute))

    def required(self, *attributes: str) -> None:
        """Each has something in it."""
        for attribute in attributes:
            self.problems.unless(self.given(attribute), f"{self.place(attribute)} is required")

    def texts(self, *attributes: str, longest: int | None = None) -> None:
        """Each is text, perhaps of a limited length in characters."""
        for attribute in attributes:
            check_text(self.problems, self.place(attribute), self.get(attribute), longest)

    def flags(self, *attributes: str) -> None:
        """Each is true or false."""
        for attribute in attributes:
            check_flag(self.problems, self.place(attribute), self.get(attribute))

    def ids(self, *attributes: str) -> None:
        """Each is one id."""
        for attribute in attributes:
            check_id(self.problems, self.place(attribute), self.get(attribute))

    def id_lists(self, *attributes: str) -> None:
        """Each is a list of ids."""
        for attribute in attributes:
            check_ids(self.problems, self.place(attribute), self.get(attribute))

    def one_of(self, attribute: str, allowed: Sequence[str]) -> None:
        """One of the values that the reference names."""
        check_one_of(self.problems, self.place(attribute), self.get(attribute), allowed)

    def hex_color(self, attribute: str) -> None:
        """A hex colour code."""
        value = self.get(attribute)
        usable = absent(value) or (isinstance(value, str) and _HEX.fullmatch(value))
        self.problems.unless(usable, f"{self.place(attribute)} is a hex code like #2266ED, not {value!r}")

    def whole(self, attribute: str, least: int, most: int | None = None) -> None:
        """A whole number in a range."""
        check_whole(self.problems, self.place(attribute), self.get(attribute), least, most)

    def nested(self, attribute: str) -> "Attributes | None":
        """The object in an attribute; `None` when it is absent or, which is noted, none."""
        value = self.get(attribute)
        if absent(value):
            return None
        if not isinstance(value, Mapping):
            self.problems.add(f"{self.place(attribute)} is an object, not {type(value).__name__}")
            return None
        return Attributes(self.problems, self.place(attribute), value)

    def nested_list(self, attribute: str) -> "list[Attributes | None]":
        """The objects in a list, `None` in the place of what is none; that is noted, as is what is no list."""
        value = self.get(attribute)
        if absent(value):
            return []
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            self.problems.add(f"{self.place(attribute)} is a list of objects, not {type(value).__name__}")
            return []
        return [self._item(f"{self.place(attribute)}[{index}]", item) for index, item in enumerate(value)]

    def _item(self, place: str, item: object) -> "Attributes | None":
        if isinstance(item, Mapping):
            return Attributes(self.problems, place, item)
        self.problems.add(f"{place} is an object, not {type(item).__name__}")
        return None


def check_whole(problems: Problems, name: str, value: object, least: int, most: int | None = None) -> None:
    """Note a value that is no whole number of the range."""
    if absent(value):
        return
    if isinstance(value, bool) or not isinstance(value, int):
        problems.add(f"{name} is a whole number, not {value!r}")
    elif value < least or (most is not None and value > most):
        wanted = f"{least} or more" if most is None else f"from {least} to {most}"
        problems.add(f"{name} is {wanted}, not {value}")
