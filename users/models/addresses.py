"""Addresses that accounts have no more."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from titanobova.ids import uuid7


class FormerAddress(models.Model):
    """An address that an account had until another took its place.

    What was mailed there until then was about the account, and goes with it. Nothing else says so for sure: staff may
    replace an address that nobody has ever logged in with.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="former_addresses")
    email = models.EmailField(max_length=254)
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "former addresses"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"of {self.user_id} until {self.replaced_at:%Y-%m-%d %H:%M:%S}"
