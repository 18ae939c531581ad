import json
import os
import sys

import pytest

from ptanalytics.cli.lab import CONFIG, lab_arguments, lab_environment


def test_our_defaults_stop_pop_ups_and_saved_widget_state(monkeypatch):
    from jupyterlab_server.settings_utils import _get_overrides

    for name, value in lab_environment({}).items():
        monkeypatch.setenv(name, value)

    overrides, error = _get_overrides("")

    assert not error
    assert overrides["@jupyterlab/apputils-extension:notification"] == {"fetchNews": "false", "checkForUpdates": False}
    assert overrides["@jupyter-widgets/jupyterlab-manager:plugin"] == {"saveState": False}


def test_the_defaults_are_part_of_the_package():
    file = CONFIG / "labconfig" / "default_setting_overrides.json"

    assert json.loads(file.read_text(encoding="utf-8"))


def test_a_configuration_that_is_there_already_stays(tmp_path):
    own = lab_environment({"JUPYTER_CONFIG_PATH": str(tmp_path), "IPYTHONDIR": "mine"})

    assert own["JUPYTER_CONFIG_PATH"] == os.pathsep.join([str(CONFIG), str(tmp_path)])
    assert "IPYTHONDIR" not in own


def test_state_stays_inside_the_environment():
    own = lab_environment({})

    assert {name for name in own if name != "JUPYTER_CONFIG_PATH"} == {
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    }
    assert all(own[name].startswith(sys.prefix) for name in own if name != "JUPYTER_CONFIG_PATH")


def test_only_this_machine_is_served_and_the_first_notebook_opens(tmp_path):
    (tmp_path / "00_start_here.ipynb").write_text("{}", encoding="utf-8")

    arguments = lab_arguments(tmp_path, browser=False, port=8899)

    for argument in (
        f"--ServerApp.root_dir={tmp_path}",
        "--ServerApp.ip=127.0.0.1",
        "--LabApp.default_url=/lab/tree/00_start_here.ipynb",
        "--no-browser",
        "--ServerApp.port=8899",
    ):
        assert argument in arguments


@pytest.mark.parametrize("name", ["extension_manager", "check_for_updates_class", "news_url", "default_url"])
def test_the_settings_we_pass_exist_in_jupyterlab(name):
    from jupyterlab.labapp import LabApp

    assert name in LabApp.class_trait_names(config=True)


def test_lab_starts_jupyterlab_with_them(run, tmp_path, monkeypatch):
    from jupyterlab.labapp import LabApp

    started = []
    monkeypatch.setattr(LabApp, "launch_instance", classmethod(lambda cls, arguments: started.append(arguments)))
    for name in lab_environment({}):
        monkeypatch.setenv(name, str(tmp_path / name))

    result = run("lab", tmp_path, "--no-browser")

    assert result.exit_code == 0
    assert started == [lab_arguments(tmp_path, browser=False)]
