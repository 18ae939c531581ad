"""``start.py`` needs only the standard library and says in one sentence what stands in its way."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, with its environment folder moved away."""
    spec = importlib.util.spec_from_file_location("start_script", ROOT / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp.txt")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return module


def test_it_imports_only_the_standard_library() -> None:
    tree = ast.parse((ROOT / "start.py").read_text(encoding="utf-8"))
    names = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= set(sys.stdlib_module_names)


def test_unknown_words_print_the_help_and_exit_2() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "start.py"), "tset"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "start.py test" in done.stdout


def test_a_current_environment_is_left_alone(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    start.PYTHON.parent.mkdir(parents=True)
    start.PYTHON.touch()
    start.STAMP.write_text(start.wanted_stamp(), encoding="utf-8")
    monkeypatch.setattr(start, "run", lambda *_a, **_k: pytest.fail("nothing should run"))
    start.set_up()


def test_a_changed_pin_means_setting_up_again(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    start.PYTHON.parent.mkdir(parents=True)
    start.PYTHON.touch()
    start.STAMP.write_text("older", encoding="utf-8")
    ran: list[tuple[object, ...]] = []
    monkeypatch.setattr(start, "run", lambda *command, **_k: ran.append(command) or 0)
    monkeypatch.setattr("venv.EnvBuilder.create", lambda _self, folder: Path(folder).mkdir(exist_ok=True))
    start.set_up()
    assert any("--require-hashes" in command for command in ran)
    assert start.STAMP.read_text(encoding="utf-8") == start.wanted_stamp()


def test_a_failed_install_leaves_no_stamp_and_says_what_to_do(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "run", lambda *_c, **_k: 1)
    monkeypatch.setattr("venv.EnvBuilder.create", lambda _self, folder: Path(folder).mkdir(exist_ok=True))
    with pytest.raises(SystemExit) as ended:
        start.set_up()
    assert ended.value.code == 1
    assert "constraints.txt" in capsys.readouterr().out
    assert not start.STAMP.exists()


def test_a_named_browser_wins(start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "my browser"
    browser.touch()
    monkeypatch.setenv("PTANALYTICS_BROWSER", str(browser))
    assert start.find_browser() == str(browser)


def test_pins_are_exact_hashed_and_without_an_address() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert len(pins) > 100
    assert all("==" in pin for pin in pins)
    assert sum("--hash=sha256:" in line for line in lines) >= len(pins)
    assert not any("://" in line for line in lines)
