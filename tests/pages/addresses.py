"""Every address of the console, found in its URLs, with a record of each kind filled in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from connections.models import Company
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs.models import JobQueueEntry, Run, SynchJob

BEFORE_SIGN_IN = {"sign_in"}
ACTS = {
    "switch_company",
    "test_connection",
    "synchronize",
    "synchronize_selected",
    "synchronize_all",
    "match",
    "synchronize_couplings",
    "synchronize_coupling",
    "retry_couplings",
    "retry_coupling",
    "retry_all",
    "retry_pending",
    "retry_options",
    "delete_couplings",
    "delete_coupling",
    "synchronize_errors",
    "retry_errors",
    "run_entries_now",
    "set_entries_ready",
    "hold_entries",
    "restart_entries",
    "run_entry_now",
    "set_entry_ready",
    "hold_entry",
    "restart_entry",
    "cancel_run",
}


def names() -> Iterator[str]:
    """Yield the name of every URL."""
    yield from _names(get_resolver().url_patterns)


def _names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern} has no name"
            yield pattern.name


def address(name: str) -> str:
    """Return the address of a URL, for the newest record where it needs one."""
    kinds: dict[str, Any] = {
        "switch_company": Company,
        "mapping": IntegrationTableMapping,
        "synchronize": IntegrationTableMapping,
        "match": IntegrationTableMapping,
        "coupling": Coupling,
        "synchronize_coupling": Coupling,
        "retry_coupling": Coupling,
        "delete_coupling": Coupling,
        "synch_job": SynchJob,
        "job_queue_entry": JobQueueEntry,
        "run_entry_now": JobQueueEntry,
        "set_entry_ready": JobQueueEntry,
        "hold_entry": JobQueueEntry,
        "restart_entry": JobQueueEntry,
        "run": Run,
        "run_progress": Run,
        "cancel_run": Run,
    }
    if name not in kinds:
        return reverse(name)
    row = kinds[name].objects.first()
    assert row is not None, f"the past holds no {kinds[name].__name__}"
    return reverse(name, args=[row.pk])
