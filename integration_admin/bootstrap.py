"""Makes `.venv` and installs the pinned packages; needs nothing but Python 3.11 or later.

It is run by the machine's own Python, so it says what is missing even where that one is too old.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
OLDEST = (3, 11)
KINDS = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
OTHER_PYTHONS = ("python3.11", "python3.12", "python3.13")


def main(arguments: list[str]) -> int:
    """Install what is needed to run the console, or also what its tests and checks need."""
    if len(arguments) != 1 or arguments[0] not in KINDS:
        return _refuse("usage: bootstrap.py " + "|".join(KINDS))
    if sys.version_info < OLDEST:
        return _with_another_python(arguments)
    ENVIRONMENT.mkdir(exist_ok=True)
    with (ENVIRONMENT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make demo` and `make test` may begin together
        return _install(KINDS[arguments[0]])


def _install(name: str) -> int:
    requirements = ROOT / name
    stamp = ENVIRONMENT / f".installed-{requirements.stem}"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return 0
    if not _is_usable():
        _say(f"Making {ENVIRONMENT.name} with Python {sys.version.split()[0]} …")
        if _call([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]):
            return _refuse(_without_venv())
    count = sum("==" in line for line in requirements.read_text(encoding="utf-8").splitlines())
    _say(f"Installing {count} packages of {name} (needs a package index) …")
    install = [str(PYTHON), "-m", "pip", "install", "-qq", "--no-input"]
    install += ["--disable-pip-version-check", "--require-hashes", "-r", str(requirements)]
    if _call(install):
        return _refuse(
            f"The packages of {name} could not be installed; the lines above say why. "
            "Is a package index reachable? pip's settings (pip config list) name it."
        )
    stamp.write_text(wanted, encoding="ascii")
    return 0


def _is_usable() -> bool:
    """Whether the environment is whole; an interrupted beginning leaves one without pip.

    One that is half removed has lost its `pyvenv.cfg`: its Python is the machine's own then, and
    would install there.
    """
    if not PYTHON.exists():
        return False
    look = (
        f"import sys, pip; sys.exit(sys.version_info < {OLDEST} or sys.prefix == sys.base_prefix)"
    )
    asked = [str(PYTHON), "-c", look]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0  # noqa: S603


def _with_another_python(arguments: list[str]) -> int:
    for name in OTHER_PYTHONS:
        found = shutil.which(name)
        if found:
            return _call([found, __file__, *arguments])
    version = ".".join(map(str, OLDEST))
    return _refuse(
        f"Python {version} or later is needed; {sys.executable} is {sys.version.split()[0]}. "
        f"Install it; one that is not on PATH is named so: make PYTHON=/path/to/python{version} …"
    )


def _without_venv() -> str:
    version = ".".join(map(str, sys.version_info[:2]))
    return (
        "Python's venv module does not work here; the lines above say why. On Debian and Ubuntu "
        f"install it with `apt-get install python{version}-venv`, then run this again."
    )


def _call(command: list[str]) -> int:
    # A person's pip may be set to install beside the environment; here it must not.
    return subprocess.call(command, env={**os.environ, "PIP_USER": "0"})  # noqa: S603


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _refuse(text: str) -> int:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
