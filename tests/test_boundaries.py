"""What may know of what: the product works without the sandbox and has nothing for it alone."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONSOLE = ("integration_admin", "connections", "mappings", "syncjobs")


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from (ROOT / package).rglob("*.py")


def imported(path: Path) -> set[str]:
    """Return the top-level packages that a module imports, inside functions too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("package", CONSOLE)
def test_no_module_of_the_console_imports_the_sandbox(package: str) -> None:
    offenders = [str(path) for path in sources(package) if "sandbox" in imported(path)]

    assert offenders == []


@pytest.mark.parametrize("package", [*CONSOLE, "templates", "static"])
def test_nothing_in_the_console_mentions_the_sandboxs_control(package: str) -> None:
    offenders = [
        str(path)
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".html", ".js", ".toml")
        and "_sandbox" in path.read_text(encoding="utf-8")
    ]

    assert offenders == []


def test_the_sandbox_imports_nothing_of_the_console() -> None:
    offenders = [str(path) for path in sources("sandbox") if imported(path) & set(CONSOLE)]

    assert offenders == []


@pytest.mark.parametrize(
    "package", ["syncjobs/engine", "connections/systems.py", "mappings/spec.py"]
)
def test_the_planner_knows_neither_django_nor_queue_nor_http(package: str) -> None:
    path = ROOT / package
    modules = [path] if path.is_file() else list(path.rglob("*.py"))
    forbidden = {"django", "requests", "rq", "redis"}

    assert [str(module) for module in modules if imported(module) & forbidden] == []


def test_no_environment_is_kept_in_the_repository() -> None:
    """A link named .venv, once merged, would take the place of the folder of that name."""
    listed = subprocess.run(
        ["git", "ls-files", "--", ".venv"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,  # an unpacked archive is no repository
    )

    assert listed.stdout == ""
