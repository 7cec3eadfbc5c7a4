"""The chain over the audit log: what somebody did to it behind the console's back shows."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as console_settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit import chain, trail
from audit.models import AuditCut, AuditEntry, AuditSeal
from audit.terms import Act
from integration_admin.housekeeping import once_a_minute

pytestmark = pytest.mark.django_db(transaction=True)


def noted(count: int = 5) -> list[AuditEntry]:
    """Note so many acts; numbers are such as databases write in different ways."""
    return [
        trail.note(
            Act.CHANGED,
            kind="test",
            name=f"Östling & Søn {number}",
            before={"rate": 1.50, "limit": 1e22, "on": True, "list": [1, 2.0, None]},
            after={"rate": 0.1 + 0.2, "limit": -7, "on": False, "list": [{"b": 1, "a": 2}]},
        )
        for number in range(count)
    ]


def behind_the_back(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_what_is_noted_is_sealed_after_the_commit_in_the_order_it_came() -> None:
    entries = noted()

    assert chain.check().broken == ""
    assert list(AuditSeal.objects.order_by("position").values_list("position", "entry_id")) == [
        (place, entry.pk) for place, entry in enumerate(entries, 1)
    ]


def test_until_the_commit_nothing_is_sealed_and_what_is_rolled_back_never_is() -> None:
    with transaction.atomic():
        noted(2)
        assert not AuditSeal.objects.exists()
    with transaction.atomic():
        noted(2)
        transaction.set_rollback(True)
    noted(1)

    assert chain.check().entries == 3


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("UPDATE audit_auditentry SET user_name = 'olga' WHERE id = %s", "was changed"),
        ("UPDATE audit_auditentry SET digest = 'x' WHERE id = %s", "was changed"),
        ("DELETE FROM audit_auditentry WHERE id = %s", "was taken out"),
        ("UPDATE audit_auditseal SET digest = 'x' WHERE entry_id = %s", "is not where it was"),
    ],
)
def test_the_first_entry_that_was_tampered_with_is_named(sql: str, sentence: str) -> None:
    second, third = noted()[1:3]
    behind_the_back(sql, third.pk)
    behind_the_back(sql, second.pk)

    broken = chain.check().broken

    assert broken.startswith(f"Entry {second.pk} ")
    assert sentence in broken


def test_an_entry_that_is_gone_with_its_seal_leaves_a_gap() -> None:
    first, second = noted()[:2]
    behind_the_back("DELETE FROM audit_auditentry WHERE id = %s", second.pk)
    behind_the_back("DELETE FROM audit_auditseal WHERE entry_id = %s", second.pk)

    assert chain.check().broken == f"After entry {first.pk} something was taken out: place 2."


def test_entries_that_changed_places_are_found() -> None:
    noted()
    behind_the_back("UPDATE audit_auditseal SET entry_id = -1 WHERE position = 2")
    behind_the_back("UPDATE audit_auditseal SET entry_id = entry_id - 1 WHERE position = 3")

    assert "was taken out" in chain.check().broken


def test_a_stranger_is_neither_sealed_nor_overlooked() -> None:
    entry = noted(1)[0]
    stranger = AuditEntry(
        moment=entry.moment, user_name="olga", source="page", act="Deleted", object_kind="test"
    )
    AuditEntry.objects.bulk_create([stranger])

    chain.seal_rest()

    assert AuditSeal.objects.count() == 1
    assert chain.check().broken == f"Entry {stranger.pk} (Deleted test) was put in, " + (
        "not written by the console."
    )


def test_what_a_process_that_died_left_unsealed_the_scheduler_seals() -> None:
    noted()
    AuditSeal.objects.filter(position__gt=2).delete()

    once_a_minute(timezone.now())

    found = chain.check()
    assert (found.entries, found.unsealed, found.broken) == (5, 0, "")


def test_an_end_that_is_taken_off_shows_to_who_knows_the_head() -> None:
    noted()
    head = chain.check().head
    assert chain.check(head).broken == ""

    newest = AuditEntry.objects.latest("pk").pk
    behind_the_back("DELETE FROM audit_auditentry WHERE id = %s", newest)
    behind_the_back("DELETE FROM audit_auditseal WHERE entry_id = %s", newest)

    assert chain.check().broken == ""
    assert "the end was taken off" in chain.check(head).broken


def test_a_key_that_was_the_key_before_still_opens_the_chain(settings: Settings) -> None:
    noted(2)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one, long enough for everybody"  # noqa: S105
    noted(2)

    assert chain.check().broken == ""
    settings.SECRET_KEY_FALLBACKS = []
    assert "was changed" in chain.check().broken


# Retention


def test_retention_takes_the_oldest_and_the_chain_goes_on(settings: Settings) -> None:
    settings.AUDIT_RETENTION_DAYS = 365
    noted(5)
    later = timezone.now() + timedelta(days=366)

    assert chain.prune(now=timezone.now()) == 0
    assert chain.prune(now=later) == 4  # the newest stays
    noted(2)

    found = chain.check()
    assert (found.entries, found.removed, found.broken) == (3, 4, "")


def test_a_beginning_that_somebody_else_took_off_is_found(settings: Settings) -> None:
    settings.AUDIT_RETENTION_DAYS = 365
    noted(6)
    chain._remove(list(chain.links())[:2])
    assert chain.check().broken == ""

    last = AuditSeal.objects.get(position=4)
    AuditSeal.objects.filter(position__lte=4).delete()
    AuditCut.objects.update(position=last.position, digest=last.digest)

    assert "not by the console's retention" in chain.check().broken
    assert chain.prune(now=timezone.now() + timedelta(days=400)) == 0


def test_nothing_is_removed_where_no_retention_is_set() -> None:
    noted(3)

    assert chain.prune(now=timezone.now() + timedelta(days=9999)) == 0


def test_less_than_a_year_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import integration_admin.settings"],
        cwd=console_settings.BASE_DIR,
        env={"AUDIT_RETENTION_DAYS": "30", "VAR_DIR": str(console_settings.VAR_DIR)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "AUDIT_RETENTION_DAYS is 30: 0, or at least 365." in done.stderr


# Several at once


def note_in_a_thread(_: int) -> None:
    try:
        noted(10)
    finally:
        connections.close_all()


def test_workers_that_note_at_once_make_one_chain() -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(note_in_a_thread, range(4)))
    chain.seal_rest()

    found = chain.check()
    assert (found.entries, found.unsealed, found.broken) == (40, 0, "")


def test_an_act_that_takes_long_lets_others_be_noted_and_sealed() -> None:
    if connection.vendor == "sqlite":
        return  # there a transaction that writes holds everybody up, with a chain or without
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        noted(1)
        pool.submit(note_in_a_thread, 0).result(timeout=120)
        assert AuditSeal.objects.count() == 10

    assert chain.check().entries == 11


# The command


def test_the_command_says_that_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    noted()

    call_command("check_audit", "--json")

    told = json.loads(capsys.readouterr().out)
    assert (told["entries"], told["broken"]) == (5, "")
    call_command("check_audit", "--head", told["head"])
    assert "5 entries are as they were written" in capsys.readouterr().out


def test_the_command_names_what_is_broken_and_ends_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry = noted()[2]
    behind_the_back("UPDATE audit_auditentry SET after = '{}' WHERE id = %s", entry.pk)

    with pytest.raises(SystemExit) as ended:
        call_command("check_audit")

    assert ended.value.code == 1
    assert f"Entry {entry.pk} (Changed Östling & Søn 2" in capsys.readouterr().err
