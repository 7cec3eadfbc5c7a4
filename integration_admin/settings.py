"""Settings of the console, from the environment; without any it runs by itself under `var/`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from integration_admin import embedded_redis

django_stubs_ext.monkeypatch()

A_YEAR = 365

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
# Settings that are kept beside the data, as the demo does; the environment wins.
if (VAR_DIR / "settings.env").exists():
    env.read_env(VAR_DIR / "settings.env")


def _kept(name: str) -> str:
    """Return a secret made on first use and kept in `var/`, readable by its owner only."""
    path = VAR_DIR / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def _secrets_keys() -> list[str]:
    """Return the keys that encrypt secrets at rest, the newest first; none is in the database.

    One is made by itself only where the database lies in `VAR_DIR` too: machines that share a
    database need the same keys, so there they have to be given.
    """
    given: list[str] = env.list("SECRETS_KEYS", default=[])
    if given or (env.str("DATABASE_URL", "") and not SECRETS_KEYS_FILE.exists()):
        return given
    return _kept(SECRETS_KEYS_FILE.name).splitlines()


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or _kept("secret_key")
# Keys that were SECRET_KEY before: what they signed stays good, the audit log above all.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
SECRETS_KEYS_FILE = VAR_DIR / "secrets_key"
SECRETS_KEYS = _secrets_keys()
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
# Where browsers reach the console; with it, Sales opens records of Business Central through here.
CONSOLE_URL = env.str("CONSOLE_URL", "").rstrip("/")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# How long the audit log keeps an entry; 0 is for ever, else at least a year (C-3203).
AUDIT_RETENTION_DAYS = env.int("AUDIT_RETENTION_DAYS", 0)
if AUDIT_RETENTION_DAYS and AUDIT_RETENTION_DAYS < A_YEAR:
    message = f"AUDIT_RETENTION_DAYS is {AUDIT_RETENTION_DAYS}: 0, or at least {A_YEAR}."
    raise ImproperlyConfigured(message)

# Hosts that connections may name; "host=private" also admits private and loopback addresses.
ALLOWED_SYSTEM_HOSTS: list[str] = env.list(
    "ALLOWED_SYSTEM_HOSTS",
    default=[
        "login.microsoftonline.com",
        "api.businesscentral.dynamics.com",
        "*.dynamics.com",
    ],
)
SYSTEM_CA_BUNDLE: str = env.str("SYSTEM_CA_BUNDLE", "")  # PEM that is trusted besides the system's

INSTALLED_APPS = [
    "integration_admin",
    "audit",
    "connections",
    "mappings",
    "syncjobs",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_rq",
    "django_htmx",
    "axes",
    "csp",
]
MIDDLEWARE = [
    "integration_admin.correlation.CorrelationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "integration_admin.idle.IdleMiddleware",
    "integration_admin.recent.RecentSignInMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "integration_admin.refusing.RefusalMiddleware",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_USERNAME_CALLABLE = "integration_admin.auth.throttled_name"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "integration_admin.chrome.chrome",
                "integration_admin.idle.idle",
            ]
        },
    }
]
ROOT_URLCONF = "integration_admin.urls"
WSGI_APPLICATION = "integration_admin.wsgi.application"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"

# No ATOMIC_REQUESTS: with IMMEDIATE every page view would take SQLite's write lock.
SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-20000;"
    ),
}
DATABASES: dict[str, Any] = {
    "default": env.db("DATABASE_URL", f"sqlite:///{VAR_DIR / 'console.sqlite3'}")
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "") or embedded_redis.address(VAR_DIR)
RQ_QUEUES: dict[str, Any] = {
    "default": {
        "URL": REDIS_URL,
        "SERIALIZER": "rq.serializers.JSONSerializer",
        "DEFAULT_TIMEOUT": 12 * 60 * 60,
    }
}
# How long a worker may give no sign of life before its job queue entry is freed and resumed.
JOB_LEASE_SECONDS = env.float("JOB_LEASE_SECONDS", 60.0)

API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", 600)  # of each user
API_FAILURES_PER_MINUTE = 30  # wrong tokens from one address

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# Cookies are secure, but for a console that is served in plain http on loopback.
PLAIN_HTTP = env.bool("PLAIN_HTTP", False)
SESSION_COOKIE_SECURE = not PLAIN_HTTP
CSRF_COOKIE_SECURE = not PLAIN_HTTP
SESSION_COOKIE_HTTPONLY = True
SESSION_IDLE_SECONDS = env.float("SESSION_IDLE_MINUTES", 60.0) * 60
SIGN_IN_RECENT_SECONDS = env.float("SIGN_IN_RECENT_MINUTES", 60.0) * 60
SESSION_ENGINE = "integration_admin.sessions"
SESSION_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "integration_admin.flashes.Storage"
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 31_536_000
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{correlation}]: {message}", "style": "{"}
    },
    "filters": {"correlation": {"()": "audit.scene.CorrelationFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["correlation"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", "WARNING")},
    # At DEBUG these two tell what a form or a row held.
    "loggers": {"django.template": {"level": "INFO"}, "django.db.backends": {"level": "INFO"}},
}
