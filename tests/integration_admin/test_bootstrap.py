"""The beginning: an environment with the pinned packages, made by nothing but Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

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


@dataclass(frozen=True)
class Begun:
    """A project with its environment, and what was said when it was made."""

    project: Path
    first: subprocess.CompletedProcess[str]

    def needs(self, *lines: str) -> None:
        """Pin other packages; lines are told apart by a remark, so that these are new."""
        text = "\n".join([f"# {uuid4()}", *lines, ""])
        (self.project / "requirements.txt").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    project = a_project(tmp_path_factory.mktemp("project"))
    return Begun(project, bootstrap(project, "run"))


def test_it_makes_an_environment_once_and_again_when_the_pins_change(begun: Begun) -> None:
    second = bootstrap(begun.project, "run")
    begun.needs()
    third = bootstrap(begun.project, "run")

    assert [begun.first.returncode, second.returncode, third.returncode] == [0, 0, 0]
    assert "Making .venv" in begun.first.stdout
    assert second.stdout == ""
    assert "Installing" in third.stdout
    assert "Making .venv" not in third.stdout


def test_packages_that_cannot_be_installed_end_with_what_to_look_at(begun: Begun) -> None:
    begun.needs("nowhere==1 # without a hash")

    done = bootstrap(begun.project, "run")

    assert done.returncode == 2
    assert "could not be installed; the lines above say why" in done.stderr


def test_an_environment_that_is_half_removed_installs_nothing_into_the_machines_python(
    begun: Begun,
) -> None:
    begun.needs()
    (begun.project / ".venv" / "pyvenv.cfg").unlink()
    (begun.project / ".venv" / ".installed-requirements").unlink(missing_ok=True)

    done = bootstrap(begun.project, "run")

    assert done.returncode == 0
    assert "Making .venv" in done.stdout
    assert (begun.project / ".venv" / "pyvenv.cfg").exists()


def test_an_interrupted_beginning_is_begun_anew(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to("/nowhere/python")

    done = bootstrap(project, "run")

    assert done.returncode == 0
    assert "Making .venv" in done.stdout


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
