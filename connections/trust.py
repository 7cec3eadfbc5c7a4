"""Whose certificates are believed: the system's authorities, and those of a PEM in the settings."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import certifi
import requests
from cryptography import x509
from django.conf import settings

from connections.causes import Cause
from connections.errors import ConfigurationError

FOLDER = "trusted"


def bundle() -> str:
    """Return the path of a PEM file with everybody who is trusted."""
    extra = Path(settings.SYSTEM_CA_BUNDLE) if settings.SYSTEM_CA_BUNDLE else None
    try:
        changed = extra.stat().st_mtime_ns if extra else 0
        return str(_bundle(extra, changed, Path(settings.VAR_DIR) / FOLDER))
    except (OSError, ValueError) as error:
        message = (
            f"The certificates in {extra} cannot be read. Let SYSTEM_CA_BUNDLE name a PEM file "
            "with the certificates of your authority."
        )
        raise ConfigurationError(message, cause=Cause.CERTIFICATE, detail=str(error)) from error


def end_of_certificate(answer: requests.Response) -> datetime | None:
    """Return when the server's certificate ends; None if the connection is closed already."""
    socket = getattr(getattr(answer.raw, "connection", None), "sock", None)
    told = socket.getpeercert() if isinstance(socket, ssl.SSLSocket) else None
    if not told:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)


@lru_cache(maxsize=8)
def _bundle(extra: Path | None, _changed: int, folder: Path) -> Path:
    system = Path(ssl.get_default_verify_paths().cafile or certifi.where())
    if extra is None:
        return system
    own = extra.read_text(encoding="utf-8")
    x509.load_pem_x509_certificates(own.encode())  # raises if there is none in it
    content = f"{system.read_text(encoding='utf-8')}\n{own}"
    name = sha256(content.encode()).hexdigest()[:16]
    target = folder / f"{name}.pem"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{name}.{os.getpid()}"
        unfinished.write_text(content, encoding="utf-8")
        unfinished.replace(target)
    return target
