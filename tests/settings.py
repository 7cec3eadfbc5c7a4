"""Settings of the tests: the console's own, with temporary files and a Redis of their own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# A folder for each process that runs tests, so that neither a running demo nor each other is met.
# Short, since the path of a socket may have a hundred characters only.
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="console-")
for name in ("REDIS_URL", "PLAIN_HTTP", "ALLOWED_SYSTEM_HOSTS", "SYSTEM_CA_BUNDLE", "PORT"):
    os.environ.pop(name, None)
if os.environ.get("DATABASE_URL"):  # beside a database of its own there is no key by itself
    os.environ.setdefault("SECRETS_KEYS", "the tests' own key")

from integration_admin.settings import *  # noqa: E402, F403
from integration_admin.settings import DATABASES, REDIS_URL, VAR_DIR  # noqa: E402

# Processes that tests start find the same Redis. The database is DATABASE_URL's, else SQLite's.
os.environ["REDIS_URL"] = REDIS_URL
TESTS_DIR = Path(VAR_DIR)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast, and only here
# A file, so that processes which tests start and the browser's server see what the test sees.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(TESTS_DIR / "test.sqlite3")}
