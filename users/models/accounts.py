"""Accounts, and what is known of tries to enter them."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from titanobova.crypto import keyed_digest
from titanobova.ids import uuid7
from users.identity import canonical_email, clean_email, refuse_swelling_email
from users.lockout import Lockable
from users.managers import UserManager

EMAIL_LENGTH = MaxLengthValidator(254)  # RFC 5321 section 4.5.3.1.3


class User(Lockable, AbstractBaseUser, PermissionsMixin):
    """A person. The e-mail is the name to log in with; `user_type` is a label that grants nothing by itself."""

    class Type(models.TextChoices):
        """What the business calls the person."""

        STUDENT = "student"
        INSTRUCTOR = "instructor"
        FOUNDER = "founder"
        ADMIN = "admin"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    password = models.CharField(max_length=512)  # imported hashes are longer than Django's 128 characters
    email = models.EmailField(max_length=254)
    email_canonical = models.CharField(max_length=300, editable=False)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    phone_number = models.CharField(max_length=32, blank=True)
    user_type = models.CharField(max_length=10, choices=Type.choices, default=Type.STUDENT)
    requested_user_type = models.CharField(max_length=10, choices=Type.choices, blank=True)
    profile_picture = models.ImageField(upload_to="profile_pictures/", blank=True)
    bio = models.TextField(max_length=2000, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    email_verified = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    totp_enabled = models.BooleanField(default=False)
    totp_secret = models.TextField(blank=True, editable=False, help_text="encrypted")
    totp_pending_secret = models.TextField(blank=True, editable=False, help_text="encrypted; not confirmed yet")
    totp_last_step = models.BigIntegerField(default=0, editable=False, help_text="30-second step of the last code used")
    session_epoch = models.PositiveIntegerField(
        default=0, editable=False, help_text="how often all sessions were ended at once"
    )

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    last_password_change = models.DateTimeField(null=True, blank=True)
    last_login_ip = models.GenericIPAddressField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email_canonical"],
                name="one_account_per_email",
                violation_error_message="An account with this e-mail address exists already.",
            ),
            models.CheckConstraint(
                condition=Q(totp_enabled=False) | ~Q(totp_secret=""),
                name="second_factor_has_a_secret",
            ),
        ]
        indexes = [
            models.Index(fields=["email", "-id"], name="users_by_email"),
            models.Index(fields=["totp_enabled", "-id"], name="users_by_second_factor"),
            models.Index(fields=["email_verified", "-id"], name="users_by_verification"),
            # Nearly everybody is an active student; the others are few, and only they need an index.
            models.Index(fields=["user_type", "-id"], name="users_by_type", condition=~Q(user_type="student")),
            models.Index(
                fields=["requested_user_type", "-id"], name="users_by_wish", condition=~Q(requested_user_type="")
            ),
            models.Index(fields=["-id"], name="staff_users", condition=Q(is_staff=True)),
            models.Index(fields=["-id"], name="inactive_users", condition=Q(is_active=False)),
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the canonical form of the e-mail beside it."""
        self.email = clean_email(self.email)
        self.email_canonical = canonical_email(self.email)
        if (fields := kwargs.get("update_fields")) is not None and "email" in fields:
            kwargs["update_fields"] = {*fields, "email_canonical"}
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse a second account for an e-mail in forms too; `save` and the constraint decide in the end.

        :raises ValidationError: for an address that does not fit its columns
        """
        self.email = clean_email(self.email)
        self.email_canonical = canonical_email(self.email)
        try:
            EMAIL_LENGTH(self.email)  # once more, for it may have become longer
            refuse_swelling_email(self.email)
        except ValidationError as refusal:
            raise ValidationError({"email": refusal}) from None

    @property
    def full_name(self) -> str:
        """First and last name, as far as they are known."""
        return f"{self.first_name} {self.last_name}".strip()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what cookie sessions are bound to: another password, address or second factor ends them.

        So does the end of all sessions: a cookie is no row of ours that could be ended, so it names the epoch instead.
        """
        bound_to = f"{self.password}:{self.email_canonical}:{self.totp_enabled}:{self.session_epoch}"
        return salted_hmac("users.models.User", bound_to, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        """Django's name for it."""
        return self.full_name or self.email


class UnknownAccount(Lockable):
    """Failed logins for an address that has no account: counted alike, so that a lock tells nobody which exist.

    The address itself is not kept: `digest` is keyed, so a stolen table names no one.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.digest[:12]

    @staticmethod
    def digest_of(canonical: str) -> str:
        """Return the key of the row that counts for an address, given in its canonical form."""
        return keyed_digest(canonical, "unknown account")


class KnownSource(Lockable):
    """A network that an account has logged in from. It has a budget of failed logins of its own.

    So an attacker elsewhere locks the account only elsewhere. The network is kept as a keyed digest.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="known_sources", db_index=False
    )
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "fingerprint"], name="one_row_per_known_source"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} from {self.fingerprint[:8]}"


class LoginAttemptQuerySet(models.QuerySet["LoginAttempt"]):
    """Which tries."""

    def entered(self) -> Self:
        """Tries with the right password: they prove that the person had the address then."""
        return self.filter(outcome__in=LoginAttempt.ENTERED_WITH)

    def failed(self) -> Self:
        """Tries that did not get in."""
        return self.filter(outcome__in=set(LoginAttempt.Outcome) - set(LoginAttempt.ENTERED_WITH))


class LoginAttempt(models.Model):
    """One try to log in, whatever came of it."""

    class Outcome(models.TextChoices):
        """What came of it."""

        SUCCESS = "success"
        SECOND_FACTOR = "second_factor", "second factor asked for"
        WRONG = "wrong", "wrong e-mail or password"
        LOCKED = "locked"
        WRONG_SECOND_FACTOR = "wrong_second_factor", "wrong second factor"

    ENTERED_WITH = (Outcome.SUCCESS, Outcome.SECOND_FACTOR)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.CharField(max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="login_attempts",
    )
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = LoginAttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["email", "-id"], name="login_attempts_by_email"),
            models.Index(fields=["ip_address", "-id"], name="login_attempts_by_address"),
            models.Index(fields=["outcome", "-id"], name="login_attempts_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_outcome_display()}"
