"""Going through the guides of Assisted Setup as a browser does, against the running sandbox."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client

from integration_admin.guides.finishing import JOB
from integration_admin.models import GuideRun
from syncjobs import tasks
from syncjobs.models import JobQueueEntry
from tests.connected import environment
from tests.processes import ROOT
from tests.running_sandbox import RunningSandbox

GUIDES = "/assisted-setup"


def registration(sandbox: RunningSandbox) -> dict[str, str]:
    """Return the application that synchronizes."""
    env = sandbox.env
    return {
        "authority": env["SANDBOX_AUTHORITY"],
        "tenant": env["SANDBOX_TENANT"],
        "authentication_type": "ClientSecret",
        "client_id": env["SANDBOX_INTEGRATION_CLIENT_ID"],
        "client_secret": env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
    }


def administrator(sandbox: RunningSandbox) -> dict[str, str]:
    """Return the application that is System Administrator."""
    env = sandbox.env
    return {
        "authority": env["SANDBOX_AUTHORITY"],
        "tenant": env["SANDBOX_TENANT"],
        "authentication_type": "ClientSecret",
        "client_id": env["SANDBOX_CLIENT_ID"],
        "client_secret": env["SANDBOX_CLIENT_SECRET"],
    }


def to_dataverse(sandbox: RunningSandbox, **first: str) -> dict[str, dict[str, str]]:
    """Return right answers to every step of the guide to Dataverse."""
    env = sandbox.env
    return {
        "enable": {"data_synchronization": "on"},
        "consent": {"accepted": "on"},
        "registration": registration(sandbox),
        "business_central": {
            "server_address": env["SANDBOX_BC_URL"],
            "resource": "https://api.businesscentral.dynamics.com",
            "web_client_url": env["SANDBOX_CONTROL_URL"],
        },
        "company": {"business_central_id": env["SANDBOX_BC_COMPANY_ID"]},
        "environment": {
            **administrator(sandbox),
            "server_address": env["SANDBOX_DATAVERSE_URL"],
            "web_client_url": env["SANDBOX_CONTROL_URL"],
        },
        "ownership": {"ownership_model": "Person", "business_unit": ""},
        "salespeople": {"continue_without": "on"},
        "first_synchronization": {"first": "later", **first},
    }


def save(client: Client, guide: str, step: str, answers: dict[str, Any], **more: str) -> Any:
    return client.post(f"{GUIDES}/{guide}/{step}/save/", {**answers, "go": "next", **more})


def answer(client: Client, guide: str, steps: dict[str, dict[str, str]]) -> None:
    """Answer step by step; each answer has to be taken."""
    for step, answers in steps.items():
        taken = save(client, guide, step, answers)
        assert taken.status_code == 302, (step, re.findall(r"E-[A-Z-]+", taken.content.decode()))


def finish(client: Client, guide: str) -> GuideRun:
    """Choose Finish, and return what it started."""
    begun = client.post(f"{GUIDES}/{guide}/finish/")
    assert begun.status_code == 302, re.findall(r"E-[A-Z-]+", begun.content.decode())
    return GuideRun.objects.get(guide=guide)


def work() -> None:
    """Let a worker take what the guide has put into the job queue."""
    for entry in JobQueueEntry.objects.filter(job=JOB):
        tasks.run_entry(str(entry.pk))


@contextmanager
def worker(sandbox: RunningSandbox) -> Iterator[None]:
    """A worker in a process of its own, which is killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment(sandbox)
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()
