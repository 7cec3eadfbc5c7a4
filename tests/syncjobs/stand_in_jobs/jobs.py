"""Jobs made for tests: quick, patient, broken; they write down what they did in a file."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError
from syncjobs import jobs
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.progress import RunProgress

STEP = 0.05


def quick(request: JobRequest, progress: RunProgress) -> JobReport:
    progress.start("quick", 1)
    progress.advance(1)
    _write(request, "done")
    return Done(idle=bool(request.parameters.get("idle")))


def patient(request: JobRequest, progress: RunProgress) -> JobReport:
    """Wait page by page until the file named in the parameters is there."""
    until = Path(request.parameters["until"])
    progress.start("patient", 0)
    _write(request, f"begun {os.getpid()}")
    page = 0
    while not until.exists():
        progress.check()
        page += 1
        progress.advance(page)
        time.sleep(STEP)
    _write(request, "done")
    return Done()


def throttled(request: JobRequest, progress: RunProgress) -> JobReport:
    message = "Dataverse asks to wait."
    raise TransientError(
        message, cause=Cause.THROTTLED, detail="429", retry_after=timedelta(minutes=5)
    )


def misconfigured(request: JobRequest, progress: RunProgress) -> JobReport:
    message = "The client secret has expired. Enter a new one."
    raise ConfigurationError(message, cause=Cause.SIGN_IN)


def broken(request: JobRequest, progress: RunProgress) -> JobReport:
    message = "a bug"
    raise RuntimeError(message)


def _write(request: JobRequest, line: str) -> None:
    trace = request.parameters.get("trace")
    if trace:
        with Path(trace).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def register_all() -> None:
    for job in (quick, patient, throttled, misconfigured, broken):
        jobs.register(job.__name__, job)
