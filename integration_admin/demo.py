"""The demo: the console beside a sandbox that plays both systems."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from integration_admin import ports, processes, secrets_keys
from integration_admin.processes import MANAGE, SettingError
from integration_admin.supervisor import Program, Supervisor, say

SANDBOX_PORTS = (9443, 9444, 9445, 9446)
SYSTEMS = (
    "the sandbox's Entra ID",
    "the sandbox's Dataverse",
    "the sandbox's Business Central",
    "the sandbox's pages",
)
SEED = "cronus"
SEED_TAKES = 120.0  # seconds, at most
# What the demo keeps in its folder, and what starting over throws away.
KEPT = (
    "console.sqlite3",
    "console.sqlite3-wal",
    "console.sqlite3-shm",
    "redis",
    "sandbox",
    "settings.env",
    "first_sign_in",
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """The first person who may sign in, kept where only its owner reads it."""

    directory: Path

    @property
    def path(self) -> Path:
        return self.directory / "first_sign_in"

    def write(self, username: str, password: str) -> None:
        """Keep a name and a password."""
        self.path.touch(mode=0o600)
        self.path.write_text(f"{username}\n{password}\n", encoding="utf-8")

    def read(self) -> tuple[str, str] | None:
        """Return name and password; None when the password was changed since."""
        if not self.path.exists():
            return None
        username, password = self.path.read_text(encoding="utf-8").splitlines()
        return username, password


def run(*, starts_over: bool) -> None:
    """Run the demo until somebody asks it to stop."""
    port = processes.number("PORT", 8000)
    address = f"http://{ports.LOOPBACK}:{port}"
    with processes.only_console(settings.VAR_DIR, address), Supervisor() as supervisor:
        if starts_over:
            start_over(settings.VAR_DIR)
        if not settings.SECRETS_KEYS:  # beside a database of its own nothing made one
            secrets_keys.keep_new(settings.SECRETS_KEYS_FILE)
        is_new = not (settings.VAR_DIR / "first_sign_in").exists()
        sandbox_ports = _ports(port)
        say("Starting Redis, the sandbox and the console …")
        processes.start_redis(supervisor)
        _start_both_systems(supervisor, sandbox_ports)
        _keep_settings(settings.VAR_DIR, address)
        supervisor.run(Program("set-up", (*MANAGE, "set_up_demo"), environment=_exports()))
        processes.start_console(supervisor, host=ports.LOOPBACK, port=port)
        _welcome(address, is_new=is_new)
        supervisor.watch()
    say("Stopped. The data is kept; make demo goes on with it, make demo-reset starts over.")


def start_over(directory: Path) -> None:
    """Throw away what the demo has kept."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        message = "DATABASE_URL names a database; the demo starts over only in its own folder."
        raise SettingError(message)
    for name in KEPT:
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _ports(port: int) -> list[int]:
    """Return the ports of the sandbox, when they and the console's are free."""
    ports.require(port, "the console", f"Choose another: PORT={ports.next_to(port)} make demo")
    text = os.environ.get("SANDBOX_PORTS", "")
    if text == "0":
        return ports.free(len(SANDBOX_PORTS))
    try:
        numbers = [int(part) for part in text.split(",")] if text else list(SANDBOX_PORTS)
    except ValueError:
        numbers = []
    if len(numbers) != len(SANDBOX_PORTS):
        message = f"SANDBOX_PORTS is 0 for free ports, or four ports, not {text!r}."
        raise SettingError(message)
    others = ",".join(str(ports.next_to(number, step=100)) for number in numbers)
    cure = f"Choose others: SANDBOX_PORTS={others} make demo, or SANDBOX_PORTS=0 for free ones."
    for number, system in zip(numbers, SYSTEMS, strict=True):
        ports.require(number, system, cure)
    return numbers


def _start_both_systems(supervisor: Supervisor, numbers: list[int]) -> None:
    state = _state()
    state.unlink(missing_ok=True)  # of a sandbox that was killed
    chosen = ",".join(map(str, numbers))
    command = (sys.executable, "-m", "sandbox", "serve", "--ports", chosen, "--seed", SEED)
    environment = {"VAR_DIR": str(settings.VAR_DIR), "PYTHONPATH": str(settings.BASE_DIR)}
    supervisor.start(
        Program(
            "sandbox",
            command,
            is_ready=lambda: state.exists() and ports.answers(numbers[-1]),
            ready_within=SEED_TAKES,
            environment=environment,
            is_quiet=True,
        )
    )


def _state() -> Path:
    return Path(settings.VAR_DIR) / "sandbox" / "running.json"


def _exports() -> dict[str, str]:
    """Return what the sandbox tells its clients."""
    exports: dict[str, str] = json.loads(_state().read_text(encoding="utf-8"))
    return exports


def _keep_settings(directory: Path, address: str) -> None:
    """Set what the console needs beside a sandbox, also for commands in another terminal."""
    hosts = [*settings.ALLOWED_SYSTEM_HOSTS, "localhost=private"]
    wanted = {
        "PLAIN_HTTP": "1",
        "ALLOWED_SYSTEM_HOSTS": ",".join(dict.fromkeys(hosts)),
        "CONSOLE_URL": address,
        "SYSTEM_CA_BUNDLE": _exports()["SANDBOX_CA_BUNDLE"],
    }
    kept = directory / "settings.env"
    kept.touch(mode=0o600)
    kept.write_text("".join(f"{name}={value}\n" for name, value in wanted.items()), "utf-8")
    os.environ.update(wanted)


def _welcome(address: str, *, is_new: bool) -> None:
    sign_in = SignIn(settings.VAR_DIR).read()
    pages = f"{_exports()['SANDBOX_CONTROL_URL']}/ui/"
    who = "as admin, with the password that you chose"
    if sign_in is not None:
        who = f"as {sign_in[0]}, with the password {sign_in[1]}"
    say("")
    say(f"  The console        {address}")
    say(f"  Sign in            {who}")
    say(f"  Both systems       {pages}")
    say("")
    if is_new:
        say("The first synchronization is on its way; the home page shows it.")
    else:
        say("It goes on with the data of last time; make demo-reset starts over.")
    say("Ctrl-C stops everything.")
    say("")
