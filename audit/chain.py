"""The chain over the audit log (C-3203): an entry that was changed, moved or taken out shows.

Each entry carries a digest of what it says, made as it is written with a key that is not in the
database. A moment later, after the commit, it gets a seal: its place, and a digest over the seal
before it and the entry. So no act waits for another one's lock; two sealers that want the same
place meet at its primary key, and the slower one takes the next.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from audit.models import AuditCut, AuditEntry, AuditForgotten, AuditSeal

logger = logging.getLogger(__name__)
START = "the audit log begins"  # stands where the first seal has none before it
CONTENT = (
    "user_id", "user_name", "source", "act", "object_kind", "object_key", "object_name",
    "company_id", "company_name", "before", "after", "reason", "correlation_id", "address",
)  # fmt: skip
A_TIME = 500  # rows read at once
TRIES = 20  # to get a place, while others seal too
LATE = 10_000  # so many later entries may be sealed before one that took long to commit
_committing = threading.local()  # the entries of this thread that wait for their commit


class BrokenChainError(Exception):
    """The audit log is not as it was written; the message names the first entry that shows it."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry in its place."""

    seal: AuditSeal
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole chain found."""

    entries: int
    head: str  # of the newest seal: place and digest; noted elsewhere, it proves the end as well
    removed: int  # by retention
    unsealed: int
    broken: str = ""


# Digests


def digest_of(entry: Any) -> str:
    """Return the digest of what an entry says, under the present key."""
    return _mac(_text_of(entry), settings.SECRET_KEY)


def _text_of(entry: Any) -> str:
    values = {name: getattr(entry, name) for name in CONTENT}
    moment = entry.moment.astimezone(UTC).isoformat()
    return json.dumps(_canonical({**values, "moment": moment}), sort_keys=True)


def proof_of(entry: AuditEntry) -> str:
    """Return the proof that the console made an entry say what it says now, without names."""
    return _mac(_forgotten_text(entry), settings.SECRET_KEY)


def _forgotten_text(entry: AuditEntry) -> str:
    return f"forgotten {entry.pk} {entry.digest} {_text_of(entry)}"


def _canonical(value: Any) -> Any:
    """Return a value as every database gives it back; they differ in how they write numbers."""
    match value:
        case dict():
            return {key: _canonical(item) for key, item in value.items()}
        case list():
            return [_canonical(item) for item in value]
        case bool():
            return value
        case int() | float():
            return format(Decimal(str(value)).normalize(), "f")
        case _:
            return value


def _mac(text: str, key: str) -> str:
    return salted_hmac("audit chain", text, secret=key, algorithm="sha256").hexdigest()


def _fits(text: str, digest: str) -> bool:
    """Whether a digest was made from a text, under this key or one that was the key before."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(_mac(text, key), digest) for key in keys)


def _link_text(before: str, position: int, entry: AuditEntry) -> str:
    return f"{before} {position} {entry.pk} {entry.digest}"


# Sealing


def seal_soon(entries: Collection[AuditEntry]) -> None:
    """Seal new entries as soon as they are committed; a failure leaves them to the scheduler."""
    waiting: list[int] = _committing.__dict__.setdefault("ids", [])
    waiting.extend(entry.pk for entry in entries)
    transaction.on_commit(_seal_committed, robust=True)


def _seal_committed() -> None:
    ids, _committing.ids = getattr(_committing, "ids", []), []
    for first in range(0, len(ids), A_TIME):  # what was rolled back is not there any more
        seal(AuditEntry.objects.filter(pk__in=ids[first : first + A_TIME]))


def seal(entries: QuerySet[AuditEntry]) -> None:
    """Give entries that have none a seal, in the order they came."""
    for _ in range(TRIES):
        found = list(_unsealed(entries).order_by("pk"))
        if not found:
            return
        last, before = _head()
        seals = []
        for position, entry in enumerate(found, last + 1):
            before = _mac(_link_text(before, position, entry), settings.SECRET_KEY)
            seals.append(AuditSeal(position=position, entry_id=entry.pk, digest=before))
        try:
            with transaction.atomic():
                AuditSeal.objects.bulk_create(seals)
        except IntegrityError:
            continue  # somebody else took the place
        return


def seal_rest() -> None:
    """Seal what was committed by a process that died before it could; strangers get no seal."""
    last, _ = _head()
    early = AuditSeal.objects.filter(position=last - LATE).values_list("entry_id", flat=True)
    rest = _unsealed(AuditEntry.objects.filter(pk__gt=early.first() or 0)).order_by("pk")
    ids = [entry.pk for entry in rest.iterator(A_TIME) if _fits(_text_of(entry), entry.digest)]
    for first in range(0, len(ids), A_TIME):
        seal(AuditEntry.objects.filter(pk__in=ids[first : first + A_TIME]))


def _unsealed(entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    return entries.filter(~Exists(AuditSeal.objects.filter(entry_id=OuterRef("pk"))))


def _head() -> tuple[int, str]:
    """Return the place and the digest that the next seal follows."""
    last = AuditSeal.objects.order_by("-position").first() or AuditCut.objects.first()
    return (last.position, last.digest) if last else (0, START)


# Looking


def links() -> Iterator[Link]:
    """Yield every entry in its place, oldest first; raises BrokenChainError where it breaks."""
    cut = AuditCut.objects.first()
    position, before = (cut.position, cut.digest) if cut else (0, START)
    if cut and not _fits(f"cut {cut.position} {cut.digest}", cut.mac):
        message = "Entries were taken out at the beginning, and not by the console's retention."
        raise BrokenChainError(message)
    named = ""
    while seals := list(_after(position)):
        ids = [one.entry_id for one in seals]
        entries = AuditEntry.objects.in_bulk(ids)
        forgotten = AuditForgotten.objects.in_bulk(ids)
        for one in seals:
            entry = entries.get(one.entry_id)
            proof = forgotten[one.entry_id].proof if one.entry_id in forgotten else ""
            problem = _problem(one, entry, position + 1, before, named, proof)
            if problem or entry is None:
                raise BrokenChainError(problem)
            position, before, named = one.position, one.digest, f"entry {entry.pk}"
            yield Link(one, entry)


def _after(position: int) -> QuerySet[AuditSeal]:
    return AuditSeal.objects.filter(position__gt=position).order_by("position")[:A_TIME]


def _problem(
    one: AuditSeal, entry: AuditEntry | None, position: int, before: str, named: str, proof: str
) -> str:
    """Return what is wrong with a link, or nothing."""
    if one.position != position:
        return f"After {named or 'the beginning'} something was taken out: place {position}."
    if entry is None:
        return f"Entry {one.entry_id} was taken out."
    is_written = _fits(_text_of(entry), entry.digest)
    if not is_written and not (proof and _fits(_forgotten_text(entry), proof)):
        return f"Entry {entry.pk} ({entry}, {entry.moment:%Y-%m-%d %H:%M}) was changed."
    if not _fits(_link_text(before, position, entry), one.digest):
        return f"Entry {entry.pk} ({entry}) is not where it was, or its seal was changed."
    return ""


def check(expected: str = "") -> Verdict:
    """Look at every entry; `expected` is a head noted before, which must still be in the chain."""
    count, head, seen, broken = 0, "", not expected, ""
    try:
        for link in links():
            count += 1
            head = f"{link.seal.position}:{link.seal.digest}"
            seen = seen or head == expected
    except BrokenChainError as error:
        broken = str(error)
    cut = AuditCut.objects.first()
    unsealed = 0
    for entry in _unsealed(AuditEntry.objects.order_by("pk")).iterator(A_TIME):
        unsealed += 1
        if not broken and not _fits(_text_of(entry), entry.digest):
            broken = f"Entry {entry.pk} ({entry}) was put in, not written by the console."
    if not broken and not seen:
        broken = "The entry that was the newest then is gone: the end was taken off."
    return Verdict(count, head, cut.position if cut else 0, unsealed, broken)


# Retention


def prune(*, now: datetime) -> int:
    """Remove entries that are older than AUDIT_RETENTION_DAYS; the chain begins after them."""
    days = settings.AUDIT_RETENTION_DAYS
    if not days:
        return 0
    removed = 0
    try:
        while some := _older(now - timedelta(days=days)):
            _remove(some)
            removed += len(some)
    except BrokenChainError:
        logger.exception("The audit log is broken; nothing more is removed from it.")
    return removed


def _older(than: datetime) -> list[Link]:
    """Return some links from the beginning; the newest of all stays, for the next to follow."""
    newest, _ = _head()
    found = takewhile(
        lambda link: link.entry.moment < than and link.seal.position < newest, links()
    )
    return [link for _, link in zip(range(A_TIME), found, strict=False)]


@transaction.atomic
def _remove(some: list[Link]) -> None:
    last = some[-1].seal
    mac = _mac(f"cut {last.position} {last.digest}", settings.SECRET_KEY)
    facts = {"position": last.position, "digest": last.digest, "mac": mac}
    AuditCut.objects.update_or_create(pk=1, defaults=facts)
    AuditSeal.objects.filter(position__lte=last.position).delete()
    ids = [link.entry.pk for link in some]
    AuditForgotten.objects.filter(pk__in=ids).delete()
    gone = AuditEntry.objects.filter(pk__in=ids)
    gone._raw_delete(gone.db)  # the one place where entries go
