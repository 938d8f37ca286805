"""Every setting, read from the environment, `.env` or `.env.production` (see titanobova/env.py).

Nothing is required while DEBUG is on: SQLite, process memory and console e-mail serve. DB_HOST switches to
PostgreSQL, REDIS_HOST to Redis. `.env.example` says why each variable exists.
"""

import logging
from datetime import timedelta
from urllib.parse import quote

from celery.schedules import crontab
from environs import validate

from titanobova.crypto import derive_key
from titanobova.env import BASE_DIR, DEVELOPMENT_KEY, load_env, refuse_unsafe_start, seal
from titanobova.logging import logging_config

env = load_env()

# --- What kind of start this is ---------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", True)
SECRET_KEY = env.str("SECRET_KEY", DEVELOPMENT_KEY if DEBUG else "")
FIELD_ENCRYPTION_KEYS: list[str] = env.fernet_keys("FIELD_ENCRYPTION_KEYS", "")
ALLOWED_HOSTS: list[str] = env.words("ALLOWED_HOSTS", "")
FRONTEND_URL = env.address("FRONTEND_URL", "")
PUBLIC_URL = env.address("PUBLIC_URL", "http://localhost:8000" if DEBUG else "")
HTTPS_ONLY = env.bool("HTTPS_ONLY", not DEBUG)
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0, validate=validate.Range(min=0))
WEB_CONCURRENCY = env.int("WEB_CONCURRENCY", 0)  # read by deploy/gunicorn.conf.py; here so that a bad value is named
REQUIRE_STAFF_2FA = env.bool("REQUIRE_STAFF_2FA", False)

# --- Applications -----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "titanobova.site.apps.AdminConfig",
    "titanobova.site",  # before the app whose command `changepassword` it replaces
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "titanobova",
    "audit",
    "users",
    "contacts",
    "courses",
    "payments",
    "legacy_import",
]
MIDDLEWARE = [
    "titanobova.request_context.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "titanobova.http.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
if not DEBUG:  # with DEBUG, runserver finds static files in the apps themselves
    MIDDLEWARE.insert(2, "whitenoise.middleware.WhiteNoiseMiddleware")
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mail is unique by email_canonical (constraint one_account_per_email)
ROOT_URLCONF = "titanobova.urls"
WSGI_APPLICATION = "titanobova.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "titanobova" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Data -------------------------------------------------------------------------------------------------------
DB_HOST = env.str("DB_HOST", "")
DB_NAME = env.str("DB_NAME", "titanobova" if DB_HOST else str(BASE_DIR / "db.sqlite3"))
DB_STATEMENT_TIMEOUT = env.int("DB_STATEMENT_TIMEOUT", 15)  # seconds; 0 for migrations
DB_POOL_SIZE = env.int("DB_POOL_SIZE", 8)  # connections a process; at least its threads
POSTGRESQL = {
    "ENGINE": "titanobova.postgresql",
    "NAME": DB_NAME,
    "HOST": DB_HOST,
    "PORT": env.int("DB_PORT", 5432),
    "USER": env.str("DB_USER", "titanobova"),
    "PASSWORD": env.str("DB_PASSWORD", ""),
    "OPTIONS": {
        "pool": {"min_size": 1, "max_size": DB_POOL_SIZE, "timeout": 0.1, "reconnect_timeout": 0},  # see ENGINE
        "connect_timeout": 3,
        "tcp_user_timeout": 5000,  # milliseconds until data that nobody acknowledges ends the connection
        # A request must end in a clear 503 rather than wait for a lock or a lost connection for ever.
        "options": f"-c lock_timeout=3s -c statement_timeout={DB_STATEMENT_TIMEOUT}s "
        "-c idle_in_transaction_session_timeout=30s "
        # Compiling a query takes 100 ms, more than any query of a page may take as a whole.
        "-c jit=off",
    },
}
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DB_NAME,
    "OPTIONS": {
        # DEFERRED fails with "database is locked" as soon as two requests write (9 of 16 when measured).
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    },
}
DATABASES = {"default": POSTGRESQL if DB_HOST else SQLITE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_HOST = env.str("REDIS_HOST", "")
REDIS_PORT = env.int("REDIS_PORT", 6379)
REDIS_PASSWORD = env.str("REDIS_PASSWORD", "")
REDIS_DB = env.int("REDIS_DB", 0)
REDIS_URL = f"redis://{REDIS_HOST}:{REDIS_PORT}/{REDIS_DB}"
REDIS_OPTIONS = {"PASSWORD": REDIS_PASSWORD, "SOCKET_CONNECT_TIMEOUT": 0.25, "SOCKET_TIMEOUT": 0.25}
CACHES = {
    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL, "OPTIONS": REDIS_OPTIONS}
    if REDIS_HOST
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # the admin's; a flushed Redis must not end or open it

# --- Background work and mail -----------------------------------------------------------------------------------
CELERY_BROKER_URL = (
    f"redis://:{quote(REDIS_PASSWORD, safe='')}@{REDIS_HOST}:{REDIS_PORT}/{REDIS_DB}" if REDIS_HOST else ""
)
CELERY_TASK_ALWAYS_EAGER = not REDIS_HOST
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 0.25, "socket_timeout": 5, "max_retries": 0}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = env.str("CELERY_BEAT_SCHEDULE", "/tmp/titanobova-beat")  # noqa: S108 - a tmpfs there
AUDIT_SEAL_SECONDS = env.float("AUDIT_SEAL_SECONDS", 60.0, validate=validate.Range(min=0))
AUDIT_OLD_SECRET_KEYS: list[str] = env.words("AUDIT_OLD_SECRET_KEYS", "")
CELERY_BEAT_SCHEDULER = "titanobova.beat:NotingScheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "note the worker": {"task": "titanobova.heartbeats.note_worker", "schedule": 30.0, "options": {"expires": 60}},
    "sweep the outbox": {"task": "titanobova.email.deliver_mail", "schedule": 60.0},
    "sweep payments": {"task": "payments.jobs.sweep", "schedule": 300.0},
    "reconcile payments": {"task": "payments.jobs.reconcile", "schedule": 3600.0},
    # By the clock: a beat that is restarted every day would never come to the end of a day that it counts itself.
    "forget old rows": {"task": "titanobova.site.jobs.forget_old_rows", "schedule": crontab(hour="3", minute="17")},
}
if AUDIT_SEAL_SECONDS:
    CELERY_BEAT_SCHEDULE["seal the audit log"] = {"task": "audit.jobs.seal", "schedule": AUDIT_SEAL_SECONDS}

MAIL_KEPT_DAYS = env.days("MAIL_KEPT_DAYS", "90")
UNDELIVERED_MAIL_KEPT_DAYS = env.days("UNDELIVERED_MAIL_KEPT_DAYS", "365")
LOGINS_KEPT_DAYS = env.days("LOGINS_KEPT_DAYS", "180")

SENDGRID_API_KEY = env.str("SENDGRID_API_KEY", "")
SENDGRID_API_BASE = env.address("SENDGRID_API_BASE", "https://api.sendgrid.com")
SENDGRID_WEBHOOK_PUBLIC_KEYS: list[str] = env.ecdsa_keys("SENDGRID_WEBHOOK_PUBLIC_KEY", "")  # several in a rotation
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "titanobova <noreply@titanobova.com>")
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", "support@titanobova.com")
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", bool(EMAIL_HOST))
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"

# --- Accounts ---------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.backends.SessionOnlyBackend"]
OLD_HASHERS = ("LegacyBcryptHasher", "LegacyArgon2Hasher", "LegacyScryptHasher", "LegacyPbkdf2Hasher", "DigestHasher")
PASSWORD_HASHERS = ["users.hashers.Argon2idHasher", *(f"users.old_hashers.{name}" for name in OLD_HASHERS)]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "users.validators.ByteLengthValidator"},
    {"NAME": "users.validators.ProductWordValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=30)
PENDING_LOGIN_LIFETIME = timedelta(minutes=5)
LOGIN_REFUSAL_SECONDS = env.float("LOGIN_REFUSAL_SECONDS", 0.5)
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": derive_key(SECRET_KEY, "jwt").hex(),
    "ISSUER": "titanobova",
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
}

# --- API --------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["users.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["titanobova.throttling.OrdinaryLimit"],
    "DEFAULT_PARSER_CLASSES": ["titanobova.http.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "titanobova.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "titanobova.schema.Schema",
    "EXCEPTION_HANDLER": "titanobova.api.answer_refusal",
    "NON_FIELD_ERRORS_KEY": "non_field_errors",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "titanobova API",
    "DESCRIPTION": "Accounts, contacts, courses, payments and the audit log. Every path answers under /api/v2/ too.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "PREPROCESSING_HOOKS": ["titanobova.schema.only_first_version"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "titanobova.schema.say_null_as_a_type"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "UserTypeEnum": "users.models.User.Type",
        "ContactStatusEnum": "contacts.workflow.Status",
        "EnrollmentStatusEnum": "courses.states.Status",
        "PaymentStatusEnum": "payments.models.Payment.Status",
        "RefundStatusEnum": "payments.models.Refund.Status",
        "DisputeStatusEnum": "payments.models.Dispute.Status",
        "NewUserTypeEnum": ["student", "instructor"],
    },
}
SECURITY_EVENT_RECORDER = "audit.services.record_refusal"
RATE_LIMITS = {  # scope: (requests, seconds)
    "anon": env.rate("RATE_LIMIT_ANON", "100/hour"),
    "user": env.rate("RATE_LIMIT_USER", "1000/hour"),
    "login": env.rate("RATE_LIMIT_LOGIN", "30/hour"),
    "verify_2fa": env.rate("RATE_LIMIT_VERIFY_2FA", "5/5minute"),
    "register": env.rate("RATE_LIMIT_REGISTER", "10/hour"),
    "reset": env.rate("RATE_LIMIT_RESET", "10/hour"),
    "contact": env.rate("RATE_LIMIT_CONTACT", "20/hour"),
    "payment": env.rate("RATE_LIMIT_PAYMENT", "30/hour"),
}
CORS_ALLOWED_ORIGINS: list[str] = env.words("CORS_ALLOWED_ORIGINS", "")
if DEBUG:
    CORS_ALLOWED_ORIGINS += [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 5173)]
CORS_EXPOSE_HEADERS = [
    "X-Request-ID",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "idempotency-key", "x-request-id"]
CORS_URLS_REGEX = r"^/api/"

# --- Payments ---------------------------------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRETS: list[str] = env.words("STRIPE_WEBHOOK_SECRET", "")  # several while a secret is being rotated
STRIPE_API_BASE = env.address("STRIPE_API_BASE", "https://api.stripe.com")
DEFAULT_CURRENCY = env.str("DEFAULT_CURRENCY", "usd").lower()
SELLER = {  # as it stands on receipts
    "name": env.str("SELLER_NAME", "titanobova", validate=validate.Length(max=200)),
    "address": env.str("SELLER_ADDRESS", "", validate=validate.Length(max=500)),
    "tax_id": env.str("SELLER_TAX_ID", "", validate=validate.Length(max=100)),
}
TAX_RATE = env.percent("TAX_RATE", "0")
TAX_NAME = env.str("TAX_NAME", "VAT", validate=validate.Length(max=40))

# --- The admin's theme ------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "titanobova",
    "SITE_HEADER": "titanobova",
    "SITE_SYMBOL": "school",
    "SITE_FAVICONS": [{"rel": "icon", "href": "data:,"}],  # none; browsers would ask for /favicon.ico, which is a 404
    "DASHBOARD_CALLBACK": "titanobova.site.dashboard.with_dashboard",
}

# --- The old system ---------------------------------------------------------------------------------------------
NODE_DB_URL = env.str("NODE_DB_URL", "")

# --- Transport security -----------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS_ONLY
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600  # seconds; a working day in the admin
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024  # bytes; JSON bodies have their own, smaller bound

# --- Language, time, files --------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_URL = "/media/"
MEDIA_ROOT = env.path("MEDIA_ROOT", BASE_DIR / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Logs and errors --------------------------------------------------------------------------------------------
LOG_LEVEL = env.log_level("LOG_LEVEL", logging.INFO)
LOG_DIR = env.path("LOG_DIR", BASE_DIR / "logs")
LOGGING_CONFIG = "titanobova.logging.configure"
LOGGING = logging_config(LOG_DIR, level=LOG_LEVEL, human=DEBUG)
RELEASE = "titanobova@0.1.0"
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
WORKER_METRICS_BIND = env.str("WORKER_METRICS_BIND", "", validate=validate.Regexp(r"$|[\w.-]+:\d{1,5}$"))
SENTRY_DSN = env.dsn("SENTRY_DSN", "")
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", "production" if not DEBUG else "development")

seal(env)
refuse_unsafe_start(globals())
