"""Sends requests to one system: pooled, paced, tried again where that is safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies
from urllib3.util.retry import Retry

from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.odata.answers import Answer
from connections.odata.failures import failure, is_unsent
from connections.odata.refusals import LostAnswerError, refusal
from connections.odata.request import Budget, Request, Timing, Tokens, Unlimited, jitter
from connections.odata.windows import ThreadsOwnAdapter, WindowsUser
from connections.systems import Side
from connections.trusting import TrustingAdapter

AGENT = "integration-console"
STEP = 0.5  # seconds between two looks whether the run was cancelled
AGAIN = frozenset({429, 502, 503, 504})
UNCERTAIN = frozenset({408, 502, 504})  # a gateway gave up: the write may have arrived


class Bearer(AuthBase):
    """Puts the token on a request; a netrc file cannot replace it."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = f"Bearer {self.token}"
        return prepared


class Client:
    """Speaks with one system as one principal.

    `check` is called in the caller's thread before and while anything waits, and may raise: so a
    cancelled run is heard. `requests` counts what was sent, also what was sent again.
    """

    def __init__(
        self,
        side: Side,
        root: str,
        tokens: Tokens | WindowsUser,
        *,
        budget: Budget | None = None,
        ca_bundle: str | Path | None = None,
        pool: int = 8,
        timing: Timing | None = None,
        check: Callable[[], object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.side = side
        self.root = root.rstrip("/") + "/"
        self.tokens = tokens
        self.budget: Budget = budget or Unlimited()
        self.timing = timing or Timing()
        self.check = check or _go_on
        self.pool = pool
        self.requests = 0
        self._ca_bundle = ca_bundle
        self._headers = {"Accept": "application/json", "User-Agent": AGENT, **(headers or {})}
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._session = self._opened()

    def _opened(self) -> requests.Session:
        session = requests.Session()
        # The environment's proxies count, its certificates and netrc do not.
        session.trust_env = False
        session.proxies = get_environ_proxies(self.root)
        # Dataverse's affinity cookie would tie all requests to one of its servers.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.mount("https://", self._adapter())
        del session.adapters["http://"]
        return session

    def _adapter(self) -> BaseAdapter:
        if isinstance(self.tokens, WindowsUser):
            return ThreadsOwnAdapter(self._ca_bundle)
        return TrustingAdapter(
            self._ca_bundle,
            pool_connections=2,
            pool_maxsize=self.pool,
            pool_block=True,
            max_retries=Retry(0, read=False),
        )

    def close(self) -> None:
        """Close the connections and end the threads."""
        self._session.close()
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    # Asking

    def get(self, path: str, *, prefer: str = "", wants: str = "json") -> Answer:
        """Read something."""
        headers = {"Prefer": prefer} if prefer else {}
        return self.send(Request("GET", path, headers=headers, wants=wants))

    def pages(self, path: str, *, prefer: str = "") -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of a collection page by page, along the links that the system gives."""
        link: str | None = path
        while link:
            answer = self.get(link, prefer=prefer)
            content = answer.object()
            yield answer.rows_of(content)
            link = content.get("@odata.nextLink")

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the rows of all pages of a collection that is known to be short."""
        return [row for page in self.pages(path) for row in page]

    def send(self, request: Request) -> Answer:
        """Send a request and return the answer; raise the error that a refusal stands for."""
        if self.check is _go_on:
            return self._exchange(request, self._pause)
        [outcome] = self._side_by_side([request])
        if isinstance(outcome, IntegrationError):
            raise outcome
        return outcome

    def send_all(self, requests: Sequence[Request]) -> list[Answer | IntegrationError]:
        """Send requests side by side; answers and refusals come in the order of the requests.

        What stops the whole run (cancelled, not configured) is raised.
        """
        if len(requests) == 1 and self.check is _go_on:
            return [self._outcome(requests[0], self._pause)]
        return self._side_by_side(requests) if requests else []

    def _side_by_side(self, requests: Sequence[Request]) -> list[Answer | IntegrationError]:
        self.check()
        stopped = threading.Event()
        futures = [self._threads().submit(self._unless, stopped, item) for item in requests]
        try:
            self._watch(futures)
        except BaseException:
            stopped.set()
            # A write that is under way must not outlive the run.
            wait([f for f, item in zip(futures, requests, strict=True) if not item.reads])
            raise
        return [future.result() for future in futures]

    def wait(self, seconds: float) -> None:
        """Let a while pass; a cancel is heard."""
        self._pause(seconds)

    def _threads(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self.pool, thread_name_prefix=self.side.name)
        return self._executor

    def _watch(self, futures: Sequence[Future[Answer | IntegrationError]]) -> None:
        """Wait for all, and look meanwhile whether the run was cancelled."""
        waiting: set[Future[Answer | IntegrationError]] = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=STEP, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            if waiting:
                self.check()

    def _unless(self, stopped: threading.Event, request: Request) -> Answer | IntegrationError:
        def pause(seconds: float) -> None:
            if stopped.wait(seconds):
                raise _stopped()

        if stopped.is_set():
            raise _stopped()
        return self._outcome(request, pause)

    def _outcome(
        self, request: Request, pause: Callable[[float], object]
    ) -> Answer | IntegrationError:
        try:
            return self._exchange(request, pause)
        except ConfigurationError:
            raise
        except IntegrationError as error:
            return error

    def _pause(self, seconds: float) -> None:
        """Wait in short steps, so that a cancel is heard."""
        self.check()
        left = seconds
        while left > 0:
            threading.Event().wait(min(STEP, left))
            left -= STEP
            self.check()

    # One request

    def _exchange(self, request: Request, pause: Callable[[float], object]) -> Answer:
        """Try until there is an answer that stands, or patience ends."""
        url = self._address(request.path)
        # A domain counts wrong passwords and locks the account: it is not asked twice.
        waited, attempt, renewed = 0.0, 0, isinstance(self.tokens, WindowsUser)
        while True:
            self._be_admitted(pause)
            try:
                answer, token = self._once(request, url)
            except IntegrationError as error:
                attempt += 1
                pause_for = self.timing.pause(attempt)
                if self._is_over(attempt, waited + pause_for) or not _passes(request, error):
                    raise
            else:
                if answer.status == 401 and not renewed:
                    renewed = True
                    self._renew(token)
                    continue
                attempt += 1
                if not _comes_again(request, answer):
                    return self._judged(request, answer)
                pause_for = self._wait_after(answer, attempt)
                if self._is_over(attempt, waited + pause_for):
                    return self._judged(request, answer)
            waited += pause_for
            pause(pause_for)

    def _is_over(self, attempt: int, waited: float) -> bool:
        return attempt >= self.timing.attempts or waited > self.timing.patience

    def _be_admitted(self, pause: Callable[[float], object]) -> None:
        """Wait for the budget, unless the system asked everybody to stay away for long."""
        while seconds := self.budget.admit():
            if seconds > self.timing.patience:
                message = f"{self.side} asked to wait {seconds:.0f} seconds."
                after = timedelta(seconds=seconds)
                raise TransientError(message, cause=Cause.THROTTLED, retry_after=after)
            pause(seconds)

    def _once(self, request: Request, url: str) -> tuple[Answer, str]:
        throttled, started = False, time.perf_counter()
        try:
            token = self.tokens.token()
            with self._lock:
                self.requests += 1
            response = self._session.request(
                request.method,
                url,
                data=request.body,
                headers={**self._headers, **request.headers},
                auth=self._proof(token),
                timeout=(self.timing.connect, self.timing.read),
                allow_redirects=False,
            )
            throttled = response.status_code == 429
        except (requests.RequestException, OSError) as error:
            raise failure(self.side, url, error, writes=not request.is_safe) from error
        finally:
            seconds = time.perf_counter() - started
            self.budget.leave(seconds, kind=request.kind, throttled=throttled)
        answer = Answer(self.side, response.status_code, response.headers, response.content)
        return answer, token

    def _proof(self, token: str) -> AuthBase:
        return self.tokens.auth() if isinstance(self.tokens, WindowsUser) else Bearer(token)

    def _wait_after(self, answer: Answer, attempt: int) -> float:
        asked = answer.retry_after
        if asked is None:
            return self.timing.pause(attempt)
        self.budget.pause(asked)
        # All who wait would come back at the same moment.
        return asked + jitter(min(1.0, asked))

    def _renew(self, used: str) -> None:
        """Get a new token, once for all threads that were refused with the old one."""
        with self._lock:
            if self.tokens.token() == used:
                self.tokens.renew()

    def _judged(self, request: Request, answer: Answer) -> Answer:
        """Return a good answer; raise what a refusal stands for."""
        if answer.status < 300:
            if answer.is_html and request.wants == "json":
                raise answer.not_an_api()
            return answer
        if answer.status < 400:
            target = answer.headers.get("Location", "elsewhere")
            message = f"The address of {self.side} leads on to {target}; enter that one instead."
            raise ConfigurationError(message, cause=Cause.NOT_AN_API, detail=str(answer.status))
        if answer.status == 400 and answer.headers.get("Content-Type", "").startswith("multipart/"):
            return answer  # a batch that stopped at its first failure
        if answer.is_html and answer.status != 401 and answer.status < 500:
            raise answer.not_an_api()
        raise self.refused(request, answer)

    def refused(self, request: Request, answer: Answer) -> IntegrationError:
        """Return the error that a refusal stands for."""
        if answer.status == 401 and isinstance(self.tokens, WindowsUser):
            return self.tokens.refused()
        code, message = answer.refused()
        if answer.status == 401 and not message:
            message = f"{self.side} does not accept the sign-in of the integration user."
        if answer.status in UNCERTAIN and not request.is_safe:
            text = f"{self.side} gave up before it answered."
            detail = f"{answer.status} {message}"
            return LostAnswerError(text, cause=Cause.LOST_ANSWER, detail=detail)
        return refusal(
            self.side,
            answer.status,
            code,
            message,
            reads=request.reads,
            detail=answer.request_id,
            retry_after=answer.retry_after,
        )

    def _address(self, path: str) -> str:
        """Return the whole address; a link must stay where the client's root is."""
        url = urljoin(self.root, path)
        here, there = urlsplit(self.root), urlsplit(url)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            message = f"{self.side} answered with a link to another host, {there.netloc}."
            raise ConfigurationError(message, cause=Cause.HOST_NOT_ALLOWED, detail=url[:200])
        return url


def _passes(request: Request, error: IntegrationError) -> bool:
    """Whether a request that got no answer may be sent again."""
    return isinstance(error, TransientError) and (request.is_safe or is_unsent(error))


def _comes_again(request: Request, answer: Answer) -> bool:
    """Whether a request that was turned away may be sent again."""
    if request.is_safe:
        return answer.status in AGAIN or answer.status == 500
    return answer.status in AGAIN - UNCERTAIN


def _go_on() -> None:
    """Nothing was cancelled."""


def _stopped() -> TransientError:
    return TransientError("The run was stopped.", cause=Cause.UNAVAILABLE)
