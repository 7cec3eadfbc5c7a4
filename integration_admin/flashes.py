"""What a button answers on the next page: an error has its code and its correlation id (C-0006)."""

from __future__ import annotations

import re

from django.contrib.messages import ERROR
from django.contrib.messages.storage.fallback import FallbackStorage
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit import scene

CODE = re.compile(r"^(?P<sentence>.*) \((?P<code>E-[A-Z-]+)\)$", re.DOTALL)


class Storage(FallbackStorage):
    """Keeps with each error the id of the request that failed, not of the page that shows it."""

    def add(self, level: int, message: str, extra_tags: str | None = "") -> None:
        if level >= ERROR:
            extra_tags = scene.correlation_id()
        super().add(level, message, extra_tags)


def coded(message: object) -> SafeString:
    """Return a message with the code that ends it set apart."""
    found = CODE.match(str(message))
    if found is None:
        return format_html("{}", str(message))
    return format_html('{} <code class="nowrap">{}</code>', found["sentence"], found["code"])
