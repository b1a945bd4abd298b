"""Django's settings, the only settings file; every value that varies comes from `config`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any
from urllib.parse import unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict

from motet_platform.config import get_config

config = get_config()

SECRET_KEY = config.require_secret_key()
DEBUG = config.debug
_public_host = urlsplit(config.public_url).hostname or config.host
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", _public_host, *config.allowed_hosts]
_public_https = config.public_url.startswith("https://")
CSRF_TRUSTED_ORIGINS = [config.public_url]

# Sign-in by somebody else, where the operator has registered this installation there.
_SOCIAL = {
    name: {"client_id": client_id, "secret": secret}
    for name, client_id, secret in (
        ("github", config.github_client_id, config.github_client_secret),
        ("google", config.google_client_id, config.google_client_secret),
    )
    if client_id and secret
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    *(f"allauth.socialaccount.providers.{name}" for name in _SOCIAL),
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "motet_platform.accounts",
    "motet_platform.team",
    "motet_platform.audit",
    "motet_platform.keys",
    "motet_platform.catalog",
    "motet_platform.adapters",
    "motet_platform.metering",
    "motet_platform.wallet",
    "motet_platform.payments",
    "motet_platform.outbox",
    "motet_platform.dashboard",
    "motet_billing",
    "motet_billing.stripe",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "motet_platform.api.middleware.ErrorShape",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "motet_platform.urls"
ASGI_APPLICATION = "motet_platform.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _database(url: str | None) -> dict[str, Any]:
    """Django's form of a libpq address. Without one, the first query says what to set."""
    parts = {k: str(v) for k, v in conninfo_to_dict(url or "").items() if v is not None}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(config.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]

# Sign-up and sign-in: allauth, spoken to by the dashboard at /_allauth/browser/v1/.
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{config.public_url}/verify-email/{{key}}",
    "account_reset_password": f"{config.public_url}/reset-password",
    "account_reset_password_from_key": f"{config.public_url}/reset-password/{{key}}",
    "account_signup": f"{config.public_url}/signup",
    "socialaccount_login_error": f"{config.public_url}/login",
}
# A form of the dashboard's ends up there, so its Content-Security-Policy must let it (form-action).
PROVIDER_ORIGINS = [
    {"github": "https://github.com", "google": "https://accounts.google.com"}[name]
    for name in _SOCIAL
]
ALLAUTH_TRUSTED_PROXY_COUNT = config.trusted_proxies
ACCOUNT_ADAPTER = "motet_platform.accounts.signup.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# A code typed into the page that asked for it: nothing to click for whoever reads the mail first.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"signup": f"{config.signups_per_hour}/h/ip"}
SOCIALACCOUNT_PROVIDERS = {name: {"APPS": [app]} for name, app in _SOCIAL.items()}
MFA_ADAPTER = "motet_platform.accounts.signup.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Motet"
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _public_https  # browsers allow only localhost then
USERSESSIONS_TRACK_ACTIVITY = True

DEFAULT_FROM_EMAIL = SERVER_EMAIL = config.mail_from
EMAIL_TIMEOUT = 10
if config.smtp_url:
    _smtp = urlsplit(config.smtp_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_USE_SSL = _smtp.scheme == "smtps"
    EMAIL_USE_TLS = not EMAIL_USE_SSL and _smtp.port != 25
    EMAIL_HOST = _smtp.hostname
    EMAIL_PORT = _smtp.port or (465 if EMAIL_USE_SSL else 587)
    EMAIL_HOST_USER = unquote(_smtp.username or "")
    EMAIL_HOST_PASSWORD = unquote(_smtp.password or "")
else:
    EMAIL_BACKEND = "motet_platform.accounts.mail.FolderBackend"
    EMAIL_FILE_PATH = config.var / "mail"

# Counts of sign-ups and failed log-ins: shared where there are several gateways.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": config.redis_url,
        "KEY_PREFIX": "motet",
    }
    if config.redis_url
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

STATIC_URL = "/static/"
# Files are served from the packages themselves: no collectstatic step to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# The dashboard's build names its files after their contents.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/dashboard/assets/"

# On https the name itself binds the cookie to this very host.
SESSION_COOKIE_NAME = "__Host-motet_session" if _public_https else "motet_session"
SESSION_COOKIE_AGE = config.session_days * 86_400
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "motet_csrf"  # read by the dashboard, which sends it back as X-CSRFToken
CSRF_FAILURE_VIEW = "motet_platform.accounts.session_views.csrf_failure"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public_https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _public_https else 0
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["motet_platform.keys.auth.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["motet_platform.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["motet_platform.api.json_body.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "motet_platform.api.negotiation.Negotiation",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "motet_platform.api.handler.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Motet management API",
    "DESCRIPTION": "Adapters, keys, usage and credit. Same keys and error shape as inference.",
    "VERSION": version("motet"),
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVERS": [{"url": config.public_url}],
    "ENUM_NAME_OVERRIDES": {
        "Role": "motet_platform.accounts.models.Role",
        "ServiceAccountRole": "motet_platform.team.service_account_views.ROLES",
    },
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # These would log every message and every call.
    "loggers": {
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
