"""Answers `/_sandbox/…` and hands `/ui/…` to the plain pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox import identities, ui
from sandbox.control.faults import SettingError, read_faults
from sandbox.http import Call, Reply
from sandbox.seeds import troubles
from sandbox.store import BUSINESS_CENTRAL, DATAVERSE

if TYPE_CHECKING:
    from sandbox.world import World

PREFIX = "/_sandbox/"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OFFSETS = {"bc_offset_s": BUSINESS_CENTRAL, "dataverse_offset_s": DATAVERSE}


class Control:
    """The control API of one sandbox."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "env"): lambda _: world.exports(),
            ("POST", "reset"): self._reset,
            ("POST", "seed"): self._seed,
            ("GET", "troubles"): lambda _: troubles.listed(world),
            ("GET", "stats"): lambda _: world.statistics.described(),
            ("POST", "stats/reset"): self._forget,
            ("GET", "faults"): lambda _: [fault.described() for fault in world.faults],
            ("POST", "faults"): self._faults,
            ("GET", "limits"): lambda _: world.limits.described(),
            ("POST", "limits"): self._limits,
            ("GET", "clock"): lambda _: self._offsets(),
            ("POST", "clock"): self._clock,
            ("POST", "administration_mode"): self._administration_mode,
            ("GET", "access_key"): lambda _: self._key(),
            ("POST", "access_key"): lambda _: self._change_key(),
        }

    def handle(self, call: Call) -> Reply:
        """Answer a control request or a page."""
        if not _is_from_here(call):
            return Reply(403, {"error": "Control takes no requests from other sites."})
        if not call.path.startswith(PREFIX):
            return ui.handle(self.world, call)
        route = self.routes.get((call.method, call.path.removeprefix(PREFIX).strip("/")))
        if route is None:
            known = ", ".join(f"{method} {PREFIX}{name}" for method, name in self.routes)
            return Reply(404, {"error": f"Not found. There are {known}."})
        try:
            body = call.json()
            return Reply(200, route(body))
        except SettingError as error:
            return Reply(400, {"error": str(error)})
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            return Reply(400, {"error": f"The body is no JSON: {error}"})

    def _reset(self, body: Any) -> Any:
        body = body or {}
        if not isinstance(body, dict) or set(body) - {"seed", "scale", "without"}:
            message = "Reset knows 'seed', 'scale' and 'without', a list of solutions."
            raise SettingError(message)
        seed = body.get("seed", "cronus")
        chosen = seed if isinstance(seed, dict) else {BUSINESS_CENTRAL: seed, DATAVERSE: seed}
        if set(chosen) - {BUSINESS_CENTRAL, DATAVERSE}:
            message = f"A seed is for '{BUSINESS_CENTRAL}' or '{DATAVERSE}'."
            raise SettingError(message)
        scale = body.get("scale", 1)
        if isinstance(scale, bool) or not isinstance(scale, int | float) or scale <= 0:
            message = "The scale is a number above 0."
            raise SettingError(message)
        without = body.get("without", [])
        if not isinstance(without, list) or not all(isinstance(name, str) for name in without):
            message = "'without' is a list of the unique names of solutions."
            raise SettingError(message)
        self.world.reset(chosen, float(scale), tuple(without))
        return {"seed": chosen}

    def _seed(self, body: Any) -> Any:
        if not isinstance(body, dict) or not all(isinstance(n, int) for n in body.values()):
            message = 'Say how many of what, such as {"customers": 10000}.'
            raise SettingError(message)
        try:
            return self.world.grow(body)
        except KeyError as error:
            message = f"There is no volume of {error}."
            raise SettingError(message) from error

    def _forget(self, _: Any) -> Any:
        self.world.statistics.clear()
        return {}

    def _faults(self, body: Any) -> Any:
        self.world.faults = read_faults(body)
        return [fault.described() for fault in self.world.faults]

    def _limits(self, body: Any) -> Any:
        self.world.limits.configure(body)
        self.world.tokens.lifetime = self.world.limits.token_lifetime_s
        return self.world.limits.described()

    def _clock(self, body: Any) -> Any:
        if not isinstance(body, dict) or set(body) - set(OFFSETS):
            message = f"The clocks are {', '.join(OFFSETS)}."
            raise SettingError(message)
        if not all(isinstance(seconds, int | float) for seconds in body.values()):
            message = "A clock is set by a number of seconds."
            raise SettingError(message)
        for name, seconds in body.items():
            self.world.store.offsets[OFFSETS[name]] = timedelta(seconds=float(seconds))
        return self._offsets()

    def _administration_mode(self, body: Any) -> Any:
        """Let only administrators into Dataverse, or everybody again."""
        if not isinstance(body, dict) or not isinstance(body.get("on"), bool):
            message = 'Say {"on": true} or {"on": false}.'
            raise SettingError(message)
        self.world.dataverse.administration_mode = body["on"]
        return {"on": self.world.dataverse.administration_mode}

    def _change_key(self) -> dict[str, str]:
        """Give the user of the item availability service another key, as its card does."""
        self.world.business_central.keys.change()
        return self._key()

    def _key(self) -> dict[str, str]:
        key = self.world.business_central.keys.current
        return {"user": identities.AVAILABILITY_USER, "access_key": key}

    def _offsets(self) -> dict[str, float]:
        offsets = self.world.store.offsets
        return {name: offsets[system].total_seconds() for name, system in OFFSETS.items()}


def _is_from_here(call: Call) -> bool:
    """Say whether a browser on another site, or under another name, is not behind a request."""
    host = urlsplit(f"//{call.headers.get('host', '')}").hostname
    origin = call.headers.get("origin")
    if host not in LOOPBACK:
        return False
    return origin is None or urlsplit(origin).netloc == call.headers.get("host")
