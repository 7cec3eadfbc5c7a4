"""Carries requests to the systems: ports, TLS, tokens, faults, limits, statistics.

A system is an object with `handle(call) -> Reply`; everything runs in one event loop and one
thread, so a request is carried out as a whole before the next one begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from email.utils import format_datetime, formatdate
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import identities
from sandbox.business_central import availability
from sandbox.control.faults import Fault
from sandbox.control.service import Control
from sandbox.entra.tokens import TokenError
from sandbox.http import Call, ConnectionCut, Kind, Reply, Work
from sandbox.world import World

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
MAX_BODY = 350 * 1024 * 1024


class CuttableProtocol(H11Protocol):
    """Lets an application cut its own connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {"transport": transport}


class SystemApplication:
    """One system on its port."""

    def __init__(self, world: World, system: str) -> None:
        self.world = world
        self.system = system

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        transport: asyncio.Transport = scope["state"]["transport"]
        call = await read_call(scope, receive, self._origin())
        self.world.statistics.begin(self.system)
        try:
            await self._answer(call, send, transport)
        except ConnectionCut:
            transport.abort()
        finally:
            self.world.statistics.end(self.system)

    def _origin(self) -> str:
        return str(getattr(self.world.addresses, self.system))

    async def _answer(self, call: Call, send: Send, transport: asyncio.Transport) -> None:
        target = f"{call.path}?{call.query}" if call.query else call.path
        struck = [f for f in self.world.faults if f.strikes(self.system, call.method, target)]
        latency = self.world.limits.latency_ms[self.system]
        latency += sum(fault.delay_ms for fault in struck if fault.action == "delay")
        actions = {fault.action: fault for fault in struck}
        principal, reply = self._admit(call)
        if reply is None:
            self.world.limits.begin(self.system, principal)
            cost_ms = 0.0
            try:
                if latency:
                    await asyncio.sleep(latency / 1000)
                if "reset_before" in actions:
                    raise ConnectionCut
                reply = self._carried_out(call, actions)
                if "delay_after_commit" in actions:
                    await asyncio.sleep(actions["delay_after_commit"].delay_ms / 1000)
                cost_ms = self.world.limits.cost(reply.work, reply.rows)
            finally:
                self.world.limits.end(self.system, principal, cost_ms)
        reply.headers |= self._traced(principal)
        if self.system in self.world.store.offsets:  # its clock, as clients see it
            moment = self.world.store.now(self.system)
            reply.headers["Date"] = format_datetime(moment, usegmt=True)
        content = reply.content()
        self._count(call, principal, reply, len(content))
        if "reset_after_commit" in actions or "partial_batch" in actions:
            raise ConnectionCut
        await respond(send, reply, content, truncated="truncate" in actions)
        if "truncate" in actions:
            await asyncio.sleep(0.05)  # what was written leaves the buffer first
            transport.abort()

    def _traced(self, principal: str) -> dict[str, str]:
        """Return the headers that support asks for, and what is left of the limits."""
        if self.system != "dataverse":
            return {}
        number = str(uuid4())
        limits = self.world.limits.remaining(self.system, principal) if principal else {}
        return {"x-ms-service-request-id": number, "REQ_ID": number, **limits}

    def _carried_out(self, call: Call, actions: dict[str, Fault]) -> Reply:
        if "status" in actions:
            return _faulty(actions["status"])
        system = self._system()
        if self.system == "dataverse":
            system.imports.fault = actions.get("solution_import")
        partial = actions.get("partial_batch")
        if partial is not None:
            system.partial_batch_after = partial.after if partial.after is not None else 1
        try:
            reply: Reply = system.handle(call)
        finally:
            if partial is not None:
                system.partial_batch_after = None
        return reply

    def _system(self) -> Any:
        return {
            "entra": self.world.entra,
            "dataverse": self.world.dataverse,
            "bc": self.world.business_central,
        }[self.system]

    def _admit(self, call: Call) -> tuple[str, Reply | None]:
        """Return who calls, and a refusal when the token or a limit forbids it."""
        if self.system == "entra":
            return "", None
        if self._takes_keys(call):
            user = self.world.business_central.keys.user_of(call.headers.get("authorization", ""))
            if user is None:
                return "", self._unauthorized("", challenge=availability.CHALLENGE)
            return user, self.world.limits.admit(self.system, user)
        audience = (
            self.world.addresses.dataverse if self.system == "dataverse" else identities.BC_RESOURCE
        )
        try:
            caller = self.world.tokens.read(call.headers.get("authorization", ""), audience)
        except TokenError as error:
            return "", self._unauthorized(str(error))
        principal = caller.username or caller.client_id
        return principal, self.world.limits.admit(self.system, principal)

    def _takes_keys(self, call: Call) -> bool:
        """Whether a request goes to a published web service, which takes no token but a key."""
        return self.system == "bc" and availability.is_asked(call.path)

    def _unauthorized(self, text: str, *, challenge: str = "") -> Reply:
        base = f"{self.world.addresses.entra}/{identities.TENANT}/oauth2/authorize"
        if self.system == "dataverse":
            resource = f"{self.world.addresses.dataverse}/"
            challenge = f"Bearer authorization_uri={base}, resource_id={resource}"
            body = {"error": {"code": "0x80044302", "message": text}}
            return Reply(401, body, {"WWW-Authenticate": challenge})
        message = "The server has rejected the client credentials."
        body = {"error": {"code": "Authentication_InvalidCredentials", "message": message}}
        bearer = f'Bearer authorization_uri="{base}", resource_id="{identities.BC_RESOURCE}"'
        challenge = challenge or bearer
        return Reply(401, body, {"WWW-Authenticate": challenge})

    def _count(self, call: Call, principal: str, reply: Reply, sent: int) -> None:
        cost_ms = self.world.limits.cost(reply.work, reply.rows) if self.system != "entra" else 0.0
        cost = (reply.work.count, cost_ms, len(call.body), sent)
        self.world.statistics.count(
            self.system, principal, (call.method, call.path), reply.status, cost
        )


class IdentifiedApplication(SystemApplication):
    """A system whose requests run as a user of its own."""

    def _carried_out(self, call: Call, actions: dict[str, Fault]) -> Reply:
        if self._takes_keys(call):
            user = identities.AVAILABILITY_USER
            return super()._carried_out(replace(call, user=user), actions)
        audience = (
            self.world.addresses.dataverse if self.system == "dataverse" else identities.BC_RESOURCE
        )
        caller = self.world.tokens.read(call.headers.get("authorization", ""), audience)
        user = self._system().user_of(caller.client_id, caller.username)
        if user is None:
            if self.system == "bc":
                return self._unauthorized("")
            text = "The user is not a member of the organization."
            return Reply(403, {"error": {"code": "0x80072560", "message": text}})
        return super()._carried_out(replace(call, user=user), actions)


class ControlApplication:
    """Control and the plain pages, on the loopback only."""

    def __init__(self, world: World) -> None:
        self.control = Control(world)
        self.origin = world.addresses.control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        reply = self.control.handle(await read_call(scope, receive, self.origin))
        await respond(send, reply, reply.content(), truncated=False)


async def read_call(scope: Scope, receive: Receive, origin: str) -> Call:
    """Return a request as the systems take it."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionCut
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path = unquote(scope["raw_path"].decode("latin-1"))
    query = scope["query_string"].decode("latin-1")
    return Call(scope["method"], path, query, headers, b"".join(parts), origin)


async def respond(send: Send, reply: Reply, content: bytes, *, truncated: bool) -> None:
    """Send an answer; a truncated one promises more than it holds."""
    headers = dict(reply.headers)
    headers.setdefault("Date", formatdate(usegmt=True))
    if content:
        headers.setdefault("Content-Type", "application/json; odata.metadata=minimal")
    if reply.status not in (204, 304):
        headers["Content-Length"] = str(len(content))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    if truncated:
        await send(
            {
                "type": "http.response.body",
                "body": content[: len(content) // 2],
                "more_body": True,
            }
        )
        return
    await send({"type": "http.response.body", "body": content})


def _faulty(fault: Fault) -> Reply:
    headers = {name: str(value) for name, value in fault.headers.items()}
    work = Work(Kind.READ)
    if fault.html:
        headers.setdefault("Content-Type", "text/html; charset=utf-8")
        return Reply(fault.status, fault.html.encode(), headers, work=work)
    if isinstance(fault.body, str):
        return Reply(fault.status, fault.body.encode(), headers, work=work)
    body = fault.body
    if body is None:
        body = {"error": {"code": "", "message": "Service unavailable (fault)."}}
    return Reply(fault.status, body, headers, work=work)


class QuietServer(uvicorn.Server):
    """A server among several; signals are handled once for all of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(world: World, sockets: Sequence[socket.socket], ready: Callable[[], None]) -> None:
    """Serve Entra ID, Dataverse, Business Central and control until told to stop."""
    applications = (
        SystemApplication(world, "entra"),
        IdentifiedApplication(world, "dataverse"),
        IdentifiedApplication(world, "bc"),
        ControlApplication(world),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(world.papers.server)
    servers = [
        QuietServer(_configuration(application, context if index < 3 else None))
        for index, application in enumerate(applications)
    ]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, servers)
    tasks = [
        asyncio.create_task(server.serve(sockets=[listening]))
        for server, listening in zip(servers, sockets, strict=True)
    ]
    while not all(server.started for server in servers) and not any(t.done() for t in tasks):
        await asyncio.sleep(0.01)
    ready()
    await asyncio.gather(*tasks)


def _configuration(application: Any, context: ssl.SSLContext | None) -> uvicorn.Config:
    config = uvicorn.Config(
        application,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=128 * 1024,
        backlog=512,
    )
    config.load()
    config.ssl = context
    return config


def _stop(servers: Sequence[uvicorn.Server]) -> None:
    for server in servers:
        server.should_exit = True
