"""Small files are opened ahead, in their order, and one that cannot be opened says so when it is its turn."""

from pathlib import Path
from threading import Event

import pytest

from ptanalytics.loading.opening import opened_ahead
from ptanalytics.loading.readers import redcap_dictionary
from ptanalytics.loading.readers.redcap_dictionary import dictionaries_kept, find_dictionary


def test_files_come_in_their_order_whatever_is_opened_first(tmp_path):
    paths = [tmp_path / f"{n}.{'csv' if n % 3 else 'xlsx'}" for n in range(30)]
    for path in paths:
        path.write_text("a", encoding="utf-8")
    assert [(path, open_it()) for path, open_it in opened_ahead(paths, lambda path: path.stem)] == [
        (path, path.stem) for path in paths
    ]


def test_a_text_file_is_opened_while_the_one_before_is_looked_at(tmp_path):
    (tmp_path / "b.csv").write_text("a", encoding="utf-8")
    opened = {"a.xlsx": Event(), "b.csv": Event()}
    files = opened_ahead([tmp_path / "a.xlsx", tmp_path / "b.csv"], lambda path: opened[path.name].set())
    next(files)
    assert opened["b.csv"].wait(timeout=30)
    assert not opened["a.xlsx"].is_set()


def test_a_file_that_cannot_be_opened_says_so_at_its_turn(tmp_path):
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for path in paths:
        path.write_text("a", encoding="utf-8")

    def opened(path: Path) -> str:
        if path.stem == "b":
            raise ValueError(path.stem)
        return path.stem

    files = opened_ahead(paths, opened)
    assert next(files)[1]() == "a"
    with pytest.raises(ValueError, match="b"):
        next(files)[1]()


def test_a_folder_is_looked_through_once_for_data_dictionaries(tmp_path, monkeypatch):
    for name in ("data_1.csv", "data_2.csv", "dictionary.csv"):
        (tmp_path / name).write_text("record_id,pain\n1,2\n", encoding="utf-8")
    head = "Variable / Field Name,Form Name,Field Type,Field Label\n"
    (tmp_path / "dictionary.csv").write_text(f"{head}record_id,f,text,Id\npain,f,text,Pain\n", encoding="utf-8")
    asked = []
    is_dictionary = redcap_dictionary.is_dictionary_file
    monkeypatch.setattr(
        redcap_dictionary, "is_dictionary_file", lambda path: asked.append(path.name) or is_dictionary(path)
    )
    with dictionaries_kept():
        for name in ("data_1.csv", "data_2.csv"):
            found = find_dictionary(tmp_path / name, ["record_id", "pain"])
            assert found is not None
            assert found.file == "dictionary.csv"
    assert sorted(set(asked) - {"dictionary.csv"}) == ["data_1.csv", "data_2.csv"]
    assert asked.count("data_1.csv") == 1
    (tmp_path / "dictionary.csv").unlink()
    assert find_dictionary(tmp_path / "data_1.csv", ["record_id", "pain"]) is None
