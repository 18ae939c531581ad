"""``import ptanalytics`` is instant and every public name resolves."""

import subprocess
import sys

import pytest

import ptanalytics

HEAVY = ("pandas", "polars", "plotly", "ipywidgets", "statsmodels", "sqlalchemy", "dask", "scipy", "pandera", "pydantic")


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = f"import sys, ptanalytics; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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
