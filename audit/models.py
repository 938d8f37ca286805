"""The audit log, and what proves that it is whole."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.proofs import FACTS, mac, origin_of, salted
from titanobova.ids import uuid7

if TYPE_CHECKING:  # the class takes no type when the program runs
    Text = models.CharField[str | None, str | None]
else:
    Text = models.CharField


class ProofAtInsert(Text):
    """The first column of a row's proof; whichever way a row is inserted, the proof is computed then."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return the column's value, once the row is proved."""
        if add and isinstance(model_instance, AuditLog):
            model_instance.prove()
        return super().pre_save(model_instance, add)


class AuditLogQuerySet(models.QuerySet["AuditLog"]):
    """Questions that several places ask."""

    def unsealed(self) -> Self:
        """Rows that no seal covers yet."""
        return self.filter(sequence=None)

    def sealed(self) -> Self:
        """Rows of the chain."""
        return self.filter(sequence__isnull=False)

    def by_or_about(self, user_id: Any) -> Self:
        """What a person did, and what was done to their account."""
        account = settings.AUTH_USER_MODEL.lower()
        return self.filter(models.Q(user_id=user_id) | models.Q(resource_type=account, resource_id=str(user_id)))


class AuditLog(models.Model):
    """One fact: who did what to which object, from where, and whether it succeeded.

    The database refuses to change or delete a row (migration 0002), but for its seal, once, for forgetting what is
    personal, and for the purge of the oldest.
    """

    class Action(models.TextChoices):
        """The guide's five; the finer fact is `details["event"]`."""

        LOGIN = "login"
        LOGOUT = "logout"
        CREATE = "create"
        UPDATE = "update"
        DELETE = "delete"

    class Outcome(models.TextChoices):
        """How it ended."""

        SUCCESS = "success"
        FAILURE = "failure"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # No constraint in the database and nothing on delete: a row outlives the account it speaks of.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="audit_logs",
        db_index=False,
    )
    action = models.CharField(max_length=10, choices=Action.choices)
    resource_type = models.CharField(max_length=60, blank=True)
    resource_id = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.SUCCESS)
    request_id = models.CharField(max_length=64, blank=True)
    timestamp = models.DateTimeField(default=timezone.now)
    details = models.JSONField(default=dict, help_text="What stays: words and figures of ours.")
    # What is erased: from where (the origin), and what people typed. NULL says that it was, or that there was nothing.
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, null=True, blank=True, default="")  # noqa: DJ001 - as said above
    personal = models.JSONField(null=True, blank=True)
    # The proof (audit/proofs.py); a salt is erased together with what it stands for.
    origin_salt = ProofAtInsert(max_length=32, null=True, editable=False)
    origin_digest = models.CharField(max_length=64, editable=False)
    personal_salt = models.CharField(max_length=32, null=True, editable=False)  # noqa: DJ001 - as above
    personal_digest = models.CharField(max_length=64, editable=False)
    stamp = models.CharField(max_length=64, editable=False)
    # The seal (audit/sealing.py): the row's place in the chain, given after its commit.
    sequence = models.BigIntegerField(null=True, unique=True, editable=False)
    seal = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 - there is none yet

    objects = AuditLogQuerySet.as_manager()

    class Meta:
        verbose_name = "audit log"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "-id"], name="audit_by_user"),
            models.Index(fields=["resource_type", "resource_id", "-id"], name="audit_by_resource"),
            models.Index(fields=["ip_address", "-id"], name="audit_by_address"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            # The rare answer; success is met on the way along any other index.
            models.Index(fields=["-id"], name="audit_failures", condition=models.Q(outcome="failure")),
            models.Index(
                fields=["action", "-id"], name="audit_failures_by_action", condition=models.Q(outcome="failure")
            ),
            models.Index(fields=["-timestamp"], name="audit_by_time"),
            models.Index(fields=["id"], condition=models.Q(sequence=None), name="audit_unsealed"),
        ]

    def __str__(self) -> str:
        return f"{self.details.get('event', self.action)} at {self.timestamp:%Y-%m-%d %H:%M:%S}"

    @property
    def all_details(self) -> dict[str, Any]:
        """What stays, with what is personal as far as nobody has erased it."""
        return {**self.details, **(self.personal or {})}

    def prove(self) -> None:
        """Compute the digests and the stamp over what the row holds now."""
        self.origin_salt, self.origin_digest = salted(origin_of(self.ip_address, self.user_agent))
        self.personal_salt, self.personal_digest = salted([self.personal])
        self.stamp = mac("row", [getattr(self, name) for name in FACTS])


class ChainHead(models.Model):
    """The last row of the chain: the one row of this table, which a sealer locks."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    sequence = models.BigIntegerField(default=0)
    seal = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.sequence} {self.seal}"


class Tombstone(models.Model):
    """What stands for purged rows: which of the chain they were, and the seal from which it goes on."""

    from_sequence = models.BigIntegerField()
    through_sequence = models.BigIntegerField(unique=True)
    through_seal = models.CharField(max_length=64)
    before = models.DateTimeField()
    purged_at = models.DateTimeField(default=timezone.now)
    signature = models.CharField(max_length=64)

    class Meta:
        ordering = ["through_sequence"]

    def __str__(self) -> str:
        return f"rows {self.from_sequence} to {self.through_sequence}"

    @property
    def facts(self) -> list[Any]:
        """What the signature covers."""
        return [self.from_sequence, self.through_sequence, self.through_seal, self.before, self.purged_at]
