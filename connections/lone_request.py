"""One request beside the clients of both systems: trusted and routed as theirs, not signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.utils import get_environ_proxies

from connections import trust
from connections.odata import Timing
from connections.odata.failures import failure
from connections.systems import Side
from connections.trusting import TrustingAdapter


@contextmanager
def answered(side: Side, url: str, timing: Timing, **options: Any) -> Iterator[requests.Response]:
    """Read an address once and follow it nowhere; raise what keeps it from answering."""
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = get_environ_proxies(url)
        session.mount("https://", TrustingAdapter(trust.bundle()))
        options |= {"timeout": (timing.connect, timing.read), "allow_redirects": False}
        try:
            with session.get(url, **options) as answer:
                yield answer
        except requests.RequestException as error:
            raise failure(side, url, error, writes=False) from error
