"""Where a secret might turn up, read whole, and the shapes it might have there."""

from __future__ import annotations

import io
import logging
import subprocess
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from html import escape
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from zipfile import ZipFile, is_zipfile

import django_rq
from django.conf import settings
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client

from tests import postgres
from tests.processes import database_url


def shapes(secret: str) -> set[bytes]:
    """Return a secret as it is, and as it looks where texts are encoded; in lower case."""
    plain = secret.encode()
    found = {plain, escape(secret).encode(), dumps(secret)[1:-1].encode(), plain.hex().encode()}
    found |= {quote(secret, safe="").encode(), quote_plus(secret).encode(), plain[::-1]}
    for encode in (b64encode, urlsafe_b64encode):
        # In Base64 it depends on where a text begins within three bytes; its middle is enough.
        for before in range(3):
            inside = encode(b"\0" * before + plain)
            found.add(inside[4 if before else 0 : len(inside) - 4])
    return {shape.lower() for shape in found}


class Places:
    """What was found where; a secret is looked for in all of it."""

    def __init__(self) -> None:
        self.contents: list[tuple[str, bytes]] = []
        self._seen: set[int] = set()

    def add(self, place: str, content: bytes | str) -> None:
        found = content.encode() if isinstance(content, str) else content
        if hash(found) not in self._seen:  # a table that did not change is searched once
            self._seen.add(hash(found))
            self.contents.append((place, found))

    @property
    def names(self) -> list[str]:
        return [place for place, _ in self.contents]

    def forget(self, beginning: str) -> None:
        """Leave out what is meant to show a secret, once."""
        self.contents = [one for one in self.contents if not one[0].startswith(beginning)]

    def holding(self, secrets: Mapping[str, str]) -> list[str]:
        """Return which secret turned up where; of a text of several lines the longest counts."""
        lowered = [(place, content.lower()) for place, content in self.contents]
        return sorted(
            {
                f"{name} in {place}"
                for name, secret in secrets.items()
                for shape in shapes(max(secret.splitlines(), key=len))
                for place, content in lowered
                if shape in content
            }
        )


class Recorder(Client):
    """A browser that keeps every page it was shown, and where it was sent."""

    def __init__(self, places: Places, who: str, **options: Any) -> None:
        super().__init__(**options)
        self.places = places
        self.who = who

    def request(self, **request: Any) -> Any:
        response: HttpResponseBase = super().request(**request)
        chunks = response if response.streaming else (response.content,)  # type: ignore[attr-defined]
        body = b"".join(chunks)
        where = f"{request['REQUEST_METHOD']} {request['PATH_INFO']} ({self.who})"
        self.places.add(f"answer to {where}", body)
        if body.startswith(b"PK") and is_zipfile(io.BytesIO(body)):  # a spreadsheet is squeezed
            with ZipFile(io.BytesIO(body)) as book:
                for name in book.namelist():
                    self.places.add(f"{name} in {where}", book.read(name))
        self.places.add(f"headers of {where}", str(dict(response.items())))
        return response


class Ear(logging.Handler):
    """Hears every line of every logger, with its traces."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def listening() -> Iterator[Ear]:
    """Let every logger speak at its loudest, and hear it."""
    ear, root = Ear(), logging.getLogger()
    levels = {root: root.level}
    for name in ("urllib3", "msal", "django", "rq.worker", "axes", "django.request"):
        logger = logging.getLogger(name)
        levels[logger] = logger.level
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    root.addHandler(ear)
    try:
        yield ear
    finally:
        root.removeHandler(ear)
        for logger, level in levels.items():
            logger.setLevel(level)


def search_database(places: Places) -> None:
    """Read every table, and of SQLite the very file with its log, of PostgreSQL a dump."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            places.add(f"table {table}", "\n".join(map(_row, cursor.fetchall())))
    if connection.vendor == "sqlite":
        file = Path(str(connection.settings_dict["NAME"]))
        for one in (file, file.with_name(f"{file.name}-wal")):
            if one.exists():
                places.add(one.name, _read_elsewhere(one))
    else:
        places.add("the dump", postgres.dump(database_url()))


def _read_elsewhere(file: Path) -> bytes:
    """Read a file of SQLite's; closing it in this process would drop the locks held on it."""
    return subprocess.run(["cat", str(file)], capture_output=True, check=True).stdout  # noqa: S603, S607


def _row(values: Iterable[Any]) -> str:
    return " | ".join(
        bytes(value).hex() if isinstance(value, memoryview | bytes) else str(value)
        for value in values
    )


def search_redis(places: Places) -> None:
    """Read every key of every kind; RQ squeezes what it keeps, so that is unpacked as well."""
    redis: Any = django_rq.get_connection("default")  # its answers may be bytes or texts
    for key in redis.scan_iter("*"):
        values = [key, *READERS[redis.type(key).decode()](redis, key)]
        for value in list(values):
            with suppress(zlib.error):
                values.append(zlib.decompress(value))
        places.add(f"Redis {key.decode(errors='replace')}", b"\n".join(values))


READERS: dict[str, Callable[[Any, bytes], Iterable[bytes]]] = {
    "string": lambda redis, key: [redis.get(key) or b""],
    "hash": lambda redis, key: [part for pair in redis.hgetall(key).items() for part in pair],
    "list": lambda redis, key: redis.lrange(key, 0, -1),
    "set": lambda redis, key: redis.smembers(key),
    "zset": lambda redis, key: redis.zrange(key, 0, -1),
    "stream": lambda redis, key: [str(redis.xrange(key)).encode()],
}


def search_files(places: Places) -> None:
    """Read what the console keeps beside its database, but for the keys themselves."""
    kept = {settings.SECRETS_KEYS_FILE, Path(settings.VAR_DIR) / "secret_key"}
    for path in Path(settings.VAR_DIR).rglob("*"):
        if path.is_file() and path not in kept and "sqlite" not in path.name:
            places.add(f"file {path.name}", path.read_bytes())
