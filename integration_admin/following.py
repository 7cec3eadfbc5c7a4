"""Following a list: what is shown is brought up to date, what is newer is offered (C-0016)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Field, QuerySet

from integration_admin.narrowing import Narrows

HEADER = "X-As-Of"  # in which the page says what the newest row was when it was opened
MOST_NEWER = 100  # counted no further


class Follows(Narrows):
    """Lets a list that grows at its top follow what happens, without moving under the cursor."""

    newest_by: ClassVar[str] = ""  # the field by which later rows are larger; empty: does not grow

    @cached_property
    def is_followed(self) -> bool:
        """Whether newer rows would come at the top of what is looked at."""
        return bool(self.newest_by) and not self.sorts and self._asked("page") in ("", "1")

    @cached_property
    def seen(self) -> Any:
        """Return the newest row that the person's page knows; None for a page that opens."""
        text = self.request.headers.get(HEADER, "")
        if not text or not self.is_followed:
            return None
        try:
            return self._growing().to_python(text)
        except ValidationError:
            return None

    def as_seen(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Select the rows that the page may already show."""
        return rows if self.seen is None else rows.filter(**{f"{self.newest_by}__lte": self.seen})

    def newer(self, rows: QuerySet[Any]) -> int:
        """Return how many rows came after those, up to a hundred."""
        if self.seen is None:
            return 0
        return rows.filter(**{f"{self.newest_by}__gt": self.seen})[:MOST_NEWER].count()

    def as_of(self, rows: Sequence[Any]) -> str:
        """Return what the page is to send when it asks again."""
        if not self.is_followed or (self.seen is None and not rows):
            return ""
        value = self.seen if self.seen is not None else getattr(rows[0], self.newest_by)
        return value.isoformat() if isinstance(value, datetime) else str(value)

    def _growing(self) -> Field[Any, Any]:
        meta = self.model._meta
        field: Field[Any, Any] = (
            meta.pk if self.newest_by == "pk" else meta.get_field(self.newest_by)
        )
        return field
