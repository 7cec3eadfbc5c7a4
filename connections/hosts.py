"""Which addresses the console may call: https, an admitted host, no way into the own network."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError

HTTPS_PORT = 443
ANY_PORT = "*"
PRIVATE = "private"
# A cloud's own address for metadata and credentials: nobody's Business Central lives there.
METADATA = {"169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"}
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Resolver = Callable[[str, int], Iterable[str]]


class AddressRefusedError(ConfigurationError):
    """An address that a person entered, or that a name stands for, may not be called."""

    def __init__(self, message: str, cause: Cause = Cause.HOST_NOT_ALLOWED) -> None:
        super().__init__(message, cause=cause)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the allow-list: `host`, `*.domain`, `host:port` or `host:*`, and `=private`.

    A private entry admits addresses of the own network, and any port unless it names one, since
    servers of one's own seldom listen on 443.
    """

    host: str
    port: str = ""
    private: bool = False

    @classmethod
    def parse(cls, text: str) -> Entry:
        place, _, kind = text.strip().lower().partition("=")
        host, colon, port = place.rpartition(":")
        if not colon or not (port == ANY_PORT or port.isdigit()):
            host, port = place, ""
        return cls(host.strip("[]"), port, kind.strip() == PRIVATE)

    def names(self, host: str) -> bool:
        if self.host.startswith("*."):
            return host.endswith(self.host[1:]) and host != self.host[1:]
        return host == self.host

    def admits_port(self, port: int) -> bool:
        if self.port:
            return self.port in (ANY_PORT, str(port))
        return self.private or port == HTTPS_PORT


def check(
    url: str, *, allowed: Sequence[str] | None = None, resolve: Resolver | None = None
) -> str:
    """Return the address in its plain form, or refuse it; what its name stands for counts too."""
    parts = check_form(url)
    host, port = parts.hostname or "", parts.port or HTTPS_PORT
    entry = _entry_for(host, port, settings.ALLOWED_SYSTEM_HOSTS if allowed is None else allowed)
    for address in (resolve or _resolve)(host, port):
        _check_resolved(host, address, private=entry.private)
    return plain(parts)


def check_form(url: str) -> SplitResult:
    """Refuse what is no https address, without asking whether its host is admitted."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme == "http" and host:
        message = f"'{url}' does not begin with https://. Only secure connections are allowed."
        raise AddressRefusedError(message, Cause.NOT_SECURE)
    if parts.scheme != "https" or not host or any(sign in parts.netloc for sign in "\\ \t\r\n%"):
        message = f"'{url}' is not a web address. Enter one like https://org.crm.dynamics.com."
        raise AddressRefusedError(message, Cause.NO_ADDRESS)
    if "@" in parts.netloc:
        message = "The address holds a user name or password. Leave out everything before the @."
        raise AddressRefusedError(message, Cause.NO_ADDRESS)
    if parts.query or parts.fragment:
        message = f"'{url}' holds a query. Leave out everything from the ? or # on."
        raise AddressRefusedError(message, Cause.NO_ADDRESS)
    return parts


def suggested(text: str) -> str:
    """Return the admitted address that a refused text seems to mean; "" where there is none."""
    scheme, found, rest = text.strip().partition("://")
    if found and scheme.lower() not in ("http", "https"):
        return ""
    try:
        parts = urlsplit(f"https://{rest if found else scheme}")._replace(query="", fragment="")
        parts = check_form(parts.geturl())
        _entry_for(parts.hostname or "", parts.port or HTTPS_PORT, settings.ALLOWED_SYSTEM_HOSTS)
    except (ValueError, AddressRefusedError):
        return ""
    return plain(parts)


def plain(parts: SplitResult) -> str:
    """Return an address in lower-case host, without port 443 and without a slash at the end."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port not in (None, HTTPS_PORT) else ""
    return f"https://{host}{port}{parts.path.rstrip('/')}"


def _entry_for(host: str, port: int, allowed: Sequence[str]) -> Entry:
    name = host.rstrip(".")
    entries = [entry for entry in map(Entry.parse, allowed) if entry.names(name)]
    if not entries:
        message = (
            f"The host {host} is not on the list of hosts that the console may call. "
            "Add it to ALLOWED_SYSTEM_HOSTS if it is yours, or correct the address."
        )
        raise AddressRefusedError(message)
    for entry in entries:
        if entry.admits_port(port):
            return entry
    message = (
        f"Port {port} of {host} is not allowed. Leave it out of the address, "
        f"or add {host}:{port} to ALLOWED_SYSTEM_HOSTS."
    )
    raise AddressRefusedError(message)


def _check_resolved(host: str, text: str, *, private: bool) -> None:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = _wrapped(address) or address
    if str(address) in METADATA or address.is_link_local or address.is_multicast:
        message = f"{host} leads to {address}, which no system may have. Correct the address."
        raise AddressRefusedError(message)
    if not private and not address.is_global:
        message = (
            f"{host} leads to {address}, an address of a private network. If the server is yours, "
            f"add {host}=private to ALLOWED_SYSTEM_HOSTS."
        )
        raise AddressRefusedError(message)
    if address.is_unspecified:
        message = f"{host} leads to {address}, which is no server. Correct the address."
        raise AddressRefusedError(message)


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one carries, if it does."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = (
            f"No server is known by the name {host}. Check the spelling of the address, "
            "and that the console reaches the network."
        )
        raise TransientError(message, cause=Cause.UNREACHABLE, detail=str(error)) from error
    return sorted({str(sockaddr[0]) for *_, sockaddr in found})
