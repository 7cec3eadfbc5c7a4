"""The command line: `python -m sandbox serve` and `python -m sandbox env`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox import seeds
from sandbox.server import serve
from sandbox.world import Addresses, World

PORTS = {"entra": 9443, "dataverse": 9444, "bc": 9445, "control": 9446}
STATE = "running.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(arguments)
    directory = Path(options.var) / "sandbox"
    if options.command == "env":
        return _env(directory)
    return _serve(directory, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("command", choices=["serve", "env"])
    ports = os.environ.get("SANDBOX_PORTS", ",".join(str(port) for port in PORTS.values()))
    parser.add_argument(
        "--ports",
        default=ports,
        help="four ports for Entra ID, Dataverse, Business Central and control; 0 takes free ones",
    )
    parser.add_argument("--host", default="localhost", help="the name in public addresses")
    parser.add_argument(
        "--seed", default="empty", choices=seeds.NAMES, help="what a new sandbox is filled with"
    )
    parser.add_argument(
        "--var", default=os.environ.get("VAR_DIR", "var"), help="where files are kept"
    )
    return parser


def _env(directory: Path) -> int:
    try:
        exports = json.loads((directory / STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        _complain("The sandbox does not run here: start it with `python -m sandbox serve`.")
        return 2
    for name, value in exports.items():
        print(f"export {name}={shlex.quote(value)}")  # noqa: T201
    return 0


def _serve(directory: Path, options: argparse.Namespace) -> int:
    host: str = options.host
    try:
        sockets = _sockets(options.ports)
    except (OSError, ValueError) as error:
        _complain(f"{error} Choose others with --ports or SANDBOX_PORTS, or 0 for free ones.")
        return 2
    directory.mkdir(parents=True, exist_ok=True)
    entra, dataverse, bc, control = (listening.getsockname()[1] for listening in sockets)
    addresses = Addresses(
        f"https://{host}:{entra}",
        f"https://{host}:{dataverse}",
        f"https://{host}:{bc}",
        f"http://127.0.0.1:{control}",
    )
    world = World(directory, addresses, options.seed)
    state = directory / STATE
    state.touch(mode=0o600)
    state.write_text(json.dumps(world.exports(), indent=1), encoding="utf-8")
    try:
        asyncio.run(serve(world, sockets, lambda: _announce(addresses)))
    finally:
        state.unlink(missing_ok=True)
    return 0


def _announce(addresses: Addresses) -> None:
    lines = (
        f"Entra ID          {addresses.entra}",
        f"Dataverse         {addresses.dataverse}",
        f"Business Central  {addresses.bc_root}",
        f"Control and pages {addresses.control}/ui/",
    )
    print("\n".join(lines), flush=True)  # noqa: T201


def _complain(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


def _sockets(ports: str) -> list[socket.socket]:
    numbers = [int(port) for port in ports.split(",")]
    if numbers == [0]:
        numbers = [0] * len(PORTS)
    if len(numbers) != len(PORTS):
        message = "Four ports are needed."
        raise ValueError(message)
    sockets = []
    for number in numbers:
        # Named as TCP, so that asyncio sends small answers at once instead of after 40 ms.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", number))
        except OSError as error:
            message = f"Port {number} is taken."
            raise OSError(message) from error
        sockets.append(listening)
    return sockets


if __name__ == "__main__":
    sys.exit(main())
