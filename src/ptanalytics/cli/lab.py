"""``ptanalytics lab``: JupyterLab in the notebooks folder, without pop-ups, network calls or saved widget state."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

#: Our defaults for JupyterLab; a person's own choices in its settings win.
CONFIG = Path(__file__).parent / "jupyter_config"

_STATE_VARIABLES = {
    "JUPYTERLAB_SETTINGS_DIR": "lab-settings",
    "JUPYTERLAB_WORKSPACES_DIR": "lab-workspaces",
    "IPYTHONDIR": "ipython",
}


def lab(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Folder to open; without it ./notebooks.")] = None,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
    port: Annotated[int | None, typer.Option(help="Port; without it the first free one from 8888.")] = None,
) -> None:
    """Open JupyterLab in the notebooks folder. Stop it with Ctrl-C."""
    from ptanalytics.errors import NothingUsableError

    notebooks = Path("notebooks")
    place = folder or (notebooks if notebooks.is_dir() else Path())
    if not place.is_dir():
        raise NothingUsableError(place, "there is no such folder")
    own = lab_environment(os.environ)
    for name in _STATE_VARIABLES:
        if name in own:
            Path(own[name]).mkdir(parents=True, exist_ok=True)
    os.environ.update(own)

    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    LabApp.launch_instance(lab_arguments(place, browser=browser, port=port))


def lab_arguments(folder: Path, *, browser: bool = True, port: int | None = None) -> list[str]:
    """Return JupyterLab's arguments: nothing is fetched from the network, and only this machine is served."""
    start = folder / "00_start_here.ipynb"
    arguments = [
        f"--ServerApp.root_dir={folder.resolve()}",
        "--ServerApp.ip=127.0.0.1",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=",
        "--LanguageServerManager.autodetect=False",  # would start whatever it finds, npm included
    ]
    if start.is_file():
        arguments.append(f"--LabApp.default_url=/lab/tree/{start.name}")
    if not browser:
        arguments.append("--no-browser")
    if port is not None:
        arguments.append(f"--ServerApp.port={port}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")  # containers run as root, and JupyterLab would refuse to start
    return arguments


def lab_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that give JupyterLab our defaults and keep what it stores inside this environment.

    Settings, open tabs and the history of typed cells (which may hold ids) stay beside the installed package, not in the
    home folder. A variable that is set already is kept.
    """
    paths = [str(CONFIG), *filter(None, [environment.get("JUPYTER_CONFIG_PATH")])]
    own = {"JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}
    share = Path(sys.prefix) / "share"
    if sys.prefix != sys.base_prefix and os.access(share if share.exists() else share.parent, os.W_OK):
        state = share / "ptanalytics"
        own |= {name: str(state / place) for name, place in _STATE_VARIABLES.items() if name not in environment}
    return own
