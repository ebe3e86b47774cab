import pytest

from missive_async.resources._attributes import Attributes
from missive_async.resources._rules import Problems


def found(rule, **values):
    problems = Problems()
    rule(Attributes(problems, "things[0]", values))
    return problems.found


@pytest.mark.parametrize("value", [None, "", []])
def test_what_is_required_has_something_in_it(value):
    assert found(lambda thing: thing.required("name"), name=value) == ["things[0].name is required"]
    assert found(lambda thing: thing.required("name")) == ["things[0].name is required"]
    assert found(lambda thing: thing.required("name"), name="n") == []


RULES = {
    "text": lambda thing: thing.texts("x", longest=3),
    "flag": lambda thing: thing.flags("x"),
    "id": lambda thing: thing.ids("x"),
    "ids": lambda thing: thing.id_lists("x"),
    "choice": lambda thing: thing.one_of("x", ("a", "b")),
    "color": lambda thing: thing.hex_color("x"),
    "whole": lambda thing: thing.whole("x", 0, 6),
    "object": lambda thing: thing.nested("x"),
    "objects": lambda thing: thing.nested_list("x"),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_is_absent_or_null_breaks_no_rule(rule):
    assert found(rule) == []
    assert found(rule, x=None) == []


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("text", "abc"),
        ("text", ""),
        ("flag", False),
        ("id", "a"),
        ("ids", []),
        ("ids", ["a", "b"]),
        ("choice", "b"),
        ("color", "#abc"),
        ("color", "#2266ED"),
        ("whole", 0),
        ("whole", 6),
        ("object", {}),
        ("objects", [{}]),
    ],
)
def test_what_keeps_a_rule_is_not_noted(rule, value):
    assert found(RULES[rule], x=value) == []


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("text", "abcd"),
        ("text", 7),
        ("flag", "true"),
        ("flag", 1),
        ("id", "a/b"),
        ("id", 7),
        ("ids", "a"),
        ("ids", ["a", 7]),
        ("choice", "c"),
        ("choice", ["a"]),
        ("choice", {}),
        ("color", "red"),
        ("color", "#12345"),
        ("whole", 7),
        ("whole", -1),
        ("whole", True),
        ("whole", 1.0),
        ("object", []),
        ("objects", {}),
        ("objects", "text"),
        ("objects", [{}, 7]),
    ],
)
def test_what_breaks_a_rule_is_noted_once_with_its_place(rule, value):
    problems = found(RULES[rule], x=value)
    assert len(problems) == 1
    assert problems[0].startswith("things[0].x")


def test_places_are_nested():
    def rule(thing):
        for part in thing.nested_list("parts"):
            part.nested("whole").required("name")

    assert found(rule, parts=[{"whole": {"name": "n"}}, {"whole": {}}]) == ["things[0].parts[1].whole.name is required"]
