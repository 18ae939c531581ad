"""``import ptanalytics`` is instant and every public name resolves."""

import os
import subprocess
import sys

import pytest

import ptanalytics

HEAVY = ("pandas", "polars", "plotly", "ipywidgets", "statsmodels", "sqlalchemy", "dask", "scipy", "pandera", "pydantic")


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = f"import sys, ptanalytics; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        (None, f"dirty_decay_ms:10000,muzzy_decay_ms:10000,narenas:{os.cpu_count()}"),
        ("dirty_decay_ms:1", "dirty_decay_ms:1"),
    ],
)
def test_the_allocator_of_polars_keeps_memory_unless_somebody_said_otherwise(own: str | None, kept: str) -> None:
    name = "_RJEM_MALLOC_CONF"
    given = {key: value for key, value in os.environ.items() if key != name} | ({name: own} if own else {})
    # Polars puts its own defaults before what is there, of which the last counts; its allocator names on the error stream
    # what it does not know.
    code = f"import ptanalytics, polars, os; print(os.environ['{name}'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=given)
    assert done.stdout.strip().endswith(kept)
    assert done.stdout.count("10000") == kept.count("10000")
    assert done.stderr == ""


@pytest.mark.parametrize("name", ptanalytics.__all__)
def test_every_public_name_resolves_and_is_documented(name: str) -> None:
    value = getattr(ptanalytics, name)
    assert name == "__version__" or (value.__doc__ or "").strip()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no public name"):
        ptanalytics.no_such_thing  # noqa: B018


def test_dir_lists_the_public_names() -> None:
    assert set(dir(ptanalytics)) >= {"load_exports", "weekly_adherence", "apps"}


@pytest.mark.parametrize(
    ("using", "must_not_load"),
    [
        ("import ptanalytics as pta; pta.weekly_adherence", ("plotly", "ipywidgets", "sqlalchemy", "statsmodels", "dask")),
        ("import ptanalytics as pta; pta.open_study", ("plotly", "ipywidgets", "statsmodels", "dask")),
        ("import ptanalytics as pta; pta.plot_pain_trend", ("ipywidgets", "statsmodels", "sqlalchemy", "dask")),
    ],
)
def test_a_part_loads_only_what_it_needs(using: str, must_not_load: tuple[str, ...]) -> None:
    code = f"import sys; {using}; print([m for m in {must_not_load!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
