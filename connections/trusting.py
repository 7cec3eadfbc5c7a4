"""Connections that believe one bundle of certificates, which is read once for all of them."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context


class TrustingAdapter(HTTPAdapter):
    """Believes its bundle, whatever a request or REQUESTS_CA_BUNDLE says.

    Left alone, requests has the bundle read for each connection, which takes longer than a request.
    """

    def __init__(self, ca_bundle: str | Path | None = None, **options: Any) -> None:
        self._ca_bundle = Path(ca_bundle or certifi.where())
        super().__init__(**options)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, *_: Any, **__: Any
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify=True)
        return host, {**pool, "ssl_context": _context(self._ca_bundle)}

    def cert_verify(self, conn: Any, *_: Any, **__: Any) -> None:
        """Name no bundle: the context has read it."""
        conn.cert_reqs = "CERT_REQUIRED"


def _context(bundle: Path) -> ssl.SSLContext:
    return _read(bundle, bundle.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(bundle: Path, _changed: int) -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(bundle)
    return context
