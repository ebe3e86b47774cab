import json

import pytest

from missive_async.errors import ConfigurationError
from missive_async.export import checkpoint
from missive_async.export.account import Account
from missive_async.export.folder import FORMAT, Folder, replace

DONE = {"format": FORMAT, "complete": True, "finished_at": "2026-01-01T00:00:00Z", "account": {"organizations": ["o"]}}


def manifest(path, **changes):
    (path / "manifest.json").write_text(json.dumps(DONE | changes))


def test_a_folder_that_is_not_there_is_made_with_those_above_it(tmp_path):
    folder = Folder.examine(tmp_path / "a" / "b", restart=False)
    assert (folder.path.is_dir(), folder.created, folder.begun) == (True, True, False)


def test_hidden_files_are_nobodys_business(tmp_path):
    (tmp_path / ".gitignore").touch()
    assert not Folder.examine(tmp_path, restart=False).begun


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("name", ["notes.txt", "contacts.jsonl", "manifest.json"])
def test_files_that_are_not_ours_are_not_touched(tmp_path, name, restart):
    (tmp_path / name).write_text('{"name": "an app"}')
    with pytest.raises(ConfigurationError, match=f"no export's \\({name}\\)"):
        Folder.examine(tmp_path, restart=restart)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_many_strange_files_are_not_all_named(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(ConfigurationError, match=r"\(0.txt, 1.txt, 2.txt, ...\)"):
        Folder.examine(tmp_path, restart=False)


def test_a_finished_export_is_kept_unless_it_is_to_be_made_anew(tmp_path):
    manifest(tmp_path)
    with pytest.raises(ConfigurationError, match=r"finished export of 2026-01-01T00:00:00Z: .*--restart"):
        Folder.examine(tmp_path, restart=False)
    assert Folder.examine(tmp_path, restart=True).account == Account(organizations=["o"])


def test_an_unfinished_one_may_go_on(tmp_path):
    manifest(tmp_path, complete=False)
    (tmp_path / checkpoint.NAME).touch()
    folder = Folder.examine(tmp_path, restart=False)
    assert (folder.begun, folder.finished) == (True, False)


def test_to_clear_is_to_remove_our_files_only(tmp_path):
    manifest(tmp_path)
    for name in ("users.jsonl", "parents.csv", "mine.txt", "more.jsonl"):
        (tmp_path / name).touch()
    Folder.examine(tmp_path, restart=True).clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "more.jsonl"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    path.write_text("before")

    def parts():
        yield "half"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        replace(path, parts())
    assert path.read_text() == "before"
    assert replace(path, ["é", "\n"])[0] == 3
    assert path.read_bytes() == "é\n".encode()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Account(organizations=["a", "b"], user="u"), Account(organizations=["b", "a"], user="u"), True),
        (Account(organizations=["a"], user="u"), Account(organizations=["a"]), True),
        (Account(organizations=["a"], user="u"), Account(organizations=["a"], user="v"), False),
        (Account(organizations=["a"], user="u"), Account(organizations=["a", "b"], user="u"), False),
    ],
)
def test_an_account_is_known_by_its_organizations_and_its_owner(one, other, same):
    assert one.is_same(other) is same
