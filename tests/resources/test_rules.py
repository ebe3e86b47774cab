import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async import UNSET, InvalidRequest
from missive_async.resources._rules import Problems, api_path, bad_id, segment, segments
from missive_async.resources._rules import given as is_given

NO_IDS = ["", "  ", ".", "..", "a/b", "a\\b", "a,b", "a?b", "a#b", "a%2fb", "a b", "a\nb", "a\x00", "x" * 201]
NO_STRINGS = [None, 7, b"a", ["a"], UNSET]


class TestProblems:
    def test_all_of_them_are_raised_at_the_end(self):
        with pytest.raises(InvalidRequest) as caught:
            self.check(("one", False), ("kept", True), ("two", []))
        assert caught.value.problems == ("one", "two")

    def check(self, *rules, error=None):
        with Problems() as problems:
            for problem, kept in rules:
                problems.unless(kept, problem)
            if error is not None:
                raise error

    def test_none_raises_nothing(self):
        self.check(("broken", "kept"))

    def test_an_error_on_the_way_is_not_hidden(self):
        with pytest.raises(KeyError):
            self.check(("one", False), error=KeyError("two"))


@pytest.mark.parametrize("value", [UNSET, None, "", [], (), {}])
def test_nothing_is_not_given(value):
    assert is_given(value) is False


@pytest.mark.parametrize("value", [0, False, "a", [None], {"a": 1}])
def test_anything_else_is_given(value):
    assert is_given(value) is True


def test_a_value_that_cannot_be_compared_is_given():
    class Undecided:
        def __eq__(self, other):
            raise TypeError("the truth of a missing value is not known")

        __hash__ = None

    assert is_given(Undecided()) is True


class TestIds:
    @pytest.mark.parametrize("id", NO_IDS + NO_STRINGS)
    def test_what_is_no_id_is_refused(self, id):
        assert bad_id(id)
        with pytest.raises(InvalidRequest):
            segment(id)

    @given(st.text(max_size=20))
    def test_whatever_is_taken_stays_one_segment_of_the_path(self, id):
        try:
            path = segment(id)
        except InvalidRequest:
            return
        assert path
        assert not set(path) & set("/?#,\\ ")
        assert path not in {".", ".."}

    def test_documented_ids_that_are_no_uuids_are_taken(self):
        assert segment("47a57b76-df42-4d8k-927x-80dbe5d87191") == "47a57b76-df42-4d8k-927x-80dbe5d87191"

    def test_several_are_joined_by_commas(self):
        assert segments(id for id in ["a", "b", "é"]) == "a,b,%C3%A9"

    def test_all_bad_ones_are_named(self):
        with pytest.raises(InvalidRequest) as caught:
            segments(["a", "", "b/c"])
        assert caught.value.problems == ("an id must not be empty", "not an id: 'b/c'")

    @pytest.mark.parametrize("ids", [[], "abc"])
    def test_none_at_all_and_a_bare_string_are_refused(self, ids):
        with pytest.raises(InvalidRequest):
            segments(ids)


class TestPaths:
    @pytest.mark.parametrize("path", ["/contacts", "contacts", "/contacts/a,b", "/messages?email_message_id=%3Ca%3E"])
    def test_those_below_the_base_are_taken(self, path):
        assert api_path("GET", path) == "/" + path.lstrip("/")

    @pytest.mark.parametrize(
        "path", ["", "/", "//host/x", "/a/../b", "/a//b", "https://evil.example.com/", "/a b", "/a\\b", "/a#b", None, 7]
    )
    def test_those_that_lead_elsewhere_are_refused(self, path):
        with pytest.raises(InvalidRequest):
            api_path("GET", path)

    def test_unknown_methods_are_refused(self):
        with pytest.raises(InvalidRequest, match="not a method"):
            api_path("TRACE", "/contacts")
