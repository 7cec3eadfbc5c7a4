"""The beginning: an environment with the pinned packages, made by nothing but Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.integration_admin.console import ROOT

PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def bootstrap(project: Path, kind: str) -> subprocess.CompletedProcess[str]:
    script = project / "integration_admin" / "bootstrap.py"
    return subprocess.run(  # noqa: S603
        [sys.executable, str(script), kind], capture_output=True, text=True, check=False
    )


def a_project(folder: Path) -> Path:
    """Make a project that needs no package, so that no package index is asked."""
    (folder / "integration_admin").mkdir()
    shutil.copy(ROOT / "integration_admin" / "bootstrap.py", folder / "integration_admin")
    (folder / "requirements.txt").write_text("# nothing\n", encoding="utf-8")
    return folder


def test_it_makes_an_environment_once_and_again_when_the_pins_change(tmp_path: Path) -> None:
    project = a_project(tmp_path)

    first = bootstrap(project, "run")
    second = bootstrap(project, "run")
    (project / "requirements.txt").write_text("# nothing yet\n", encoding="utf-8")
    third = bootstrap(project, "run")

    assert [first.returncode, second.returncode, third.returncode] == [0, 0, 0]
    assert "Making .venv" in first.stdout
    assert second.stdout == ""
    assert "Installing" in third.stdout
    assert "Making .venv" not in third.stdout


def test_an_interrupted_beginning_is_begun_anew(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to("/nowhere/python")

    done = bootstrap(project, "run")

    assert done.returncode == 0
    assert "Making .venv" in done.stdout


def test_an_environment_that_is_half_removed_installs_nothing_into_the_machines_python(
    tmp_path: Path,
) -> None:
    project = a_project(tmp_path)
    bootstrap(project, "run")
    (project / ".venv" / "pyvenv.cfg").unlink()
    (project / ".venv" / ".installed-requirements").unlink()

    done = bootstrap(project, "run")

    assert done.returncode == 0
    assert "Making .venv" in done.stdout
    assert (project / ".venv" / "pyvenv.cfg").exists()


def test_packages_that_cannot_be_installed_end_with_what_to_look_at(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "requirements.txt").write_text("nowhere==1 # without a hash\n", encoding="utf-8")

    done = bootstrap(project, "run")

    assert done.returncode == 2
    assert "could not be installed; the lines above say why" in done.stderr


def test_pins_of_tests_and_of_the_console_agree() -> None:
    console = dict(PIN.findall((ROOT / "requirements.txt").read_text(encoding="utf-8")))
    tests = dict(PIN.findall((ROOT / "requirements-dev.txt").read_text(encoding="utf-8")))

    assert console
    assert {name: tests.get(name) for name in console} == console


def test_every_pin_carries_a_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = [part for part in re.split(r"\n(?=\S)", text) if "==" in part]

        assert all("--hash=sha256:" in pin for pin in pins), name
