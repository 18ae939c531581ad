"""Clinical numbers as data: every row names its source. Read through the packages that own them."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def reference_file(name: str) -> Traversable:
    """Return a file of the reference folder, e.g. ``defaults.toml`` or ``instruments/odi.toml``."""
    return files(__name__).joinpath(*name.split("/"))
