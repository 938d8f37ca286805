"""Events as SendGrid signs and posts them."""

import base64
import json
import time
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rest_framework.test import APIClient

from titanobova.models import OutgoingMail

ADDRESS = "/api/v1/mail/events/"
KEY = generate_private_key(SECP256R1())
STRANGER = generate_private_key(SECP256R1())


def public(key: Any) -> str:
    """Return the public half of a key as SendGrid shows it."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


PUBLIC_KEY = public(KEY)


def sign(body: bytes, timestamp: str, key: EllipticCurvePrivateKey = KEY) -> str:
    """Return the signature of time and body."""
    return base64.b64encode(key.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode()


def event(mail: OutgoingMail | None, name: str = "delivered", **changes: Any) -> dict[str, Any]:
    """Return an event about a mail, with the members that SendGrid's reference shows."""
    told = {
        "email": "ada@example.com",
        "timestamp": int(time.time()),
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": name,
        "sg_event_id": f"{uuid4().hex}==",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
    }
    ours = {"mail": str(mail.pk), "sending": str(mail.resent)} if mail else {}
    return {**told, **ours, **changes}


def post_raw(body: bytes, signature: str, timestamp: str, content_type: str = "application/json") -> Any:
    """Post bytes with these two headers."""
    return APIClient().post(
        ADDRESS,
        body,
        content_type=content_type,
        HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_SIGNATURE=signature,
        HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_TIMESTAMP=timestamp,
    )


def post(body: bytes, *, at: int | None = None, key: EllipticCurvePrivateKey = KEY) -> Any:
    """Post bytes as SendGrid would."""
    timestamp = str(int(time.time()) if at is None else at)
    return post_raw(body, sign(body, timestamp, key), timestamp)


def deliver(*events: Any) -> Any:
    """Post events as one batch."""
    return post(json.dumps(events).encode())
