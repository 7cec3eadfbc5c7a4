"""How gunicorn serves the console's pages."""

from __future__ import annotations

import os
from typing import Any

from syncjobs.orphans import die_with_parent

wsgi_app = "integration_admin.wsgi:application"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
timeout = 60
graceful_timeout = 5
keepalive = 5
loglevel = "warning"
control_socket_disable = True  # it would lie in the home of whoever starts it


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001 - the name and shape are gunicorn's
    """Let no worker outlive its master: it would keep the port."""
    die_with_parent(worker.ppid)
