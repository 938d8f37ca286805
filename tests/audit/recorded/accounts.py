"""What accounts record."""

from typing import Any

import pyotp
from django.test import Client

from tests.audit.recorded.world import API, NEW_PASSWORD, NOBODY, Send, World, case
from tests.conftest import PASSWORD
from tests.users.mailbox import token_for
from users.models import Session
from users.services.sessions import open_session
from users.tokens import RefreshToken

TRIES = ("users_user", "users_unknownaccount", "users_knownsource", "users_loginattempt")


@case("POST api/v1/auth/token/", "auth.login.succeeded")
def log_in(world: World) -> Send:
    return world.login


@case("POST api/v1/auth/token/ with a second factor", "auth.login.password_proved")
def log_in_by_half(world: World) -> Send:
    world.protected()
    return world.login


@case("POST api/v1/auth/token/ refused", "auth.login.failed", kept=TRIES, status=401)
def fail_to_log_in(world: World) -> Send:
    return lambda: world.login("wrong-horse-9")


@case("POST api/v1/auth/token/ of nobody", "auth.login.failed", kept=TRIES, status=401)
def log_in_as_nobody(world: World) -> Send:
    return lambda: world.visitor.post(f"{API}auth/token/", {"email": "nobody@example.com", "password": PASSWORD})


@case("POST api/v1/auth/token/ that locks", "auth.login.failed", "auth.account.locked", kept=TRIES, status=401)
def lock(world: World) -> Send:
    for _ in range(4):
        world.login("wrong-horse-9")
    return lambda: world.login("wrong-horse-9")


@case("POST api/v1/auth/token/refresh/ of an old token", "auth.session.reused", status=401)
def use_an_old_token(world: World) -> Send:
    session = open_session(world.student, by=NOBODY)
    old = str(RefreshToken.of(session, 0))
    Session.objects.filter(pk=session.pk).update(generation=2)
    return lambda: world.visitor.post(f"{API}auth/token/refresh/", {"refresh": old})


@case("POST api/v1/auth/logout/", "auth.session.ended", status=204)
def log_out(world: World) -> Send:
    client = world.learner
    return lambda: client.post(f"{API}auth/logout/")


@case("DELETE api/v1/users/sessions/<uuid:pk>/", "auth.session.ended", status=204)
def end_a_session(world: World) -> Send:
    client, other = world.learner, open_session(world.student, by=NOBODY)
    return lambda: client.delete(f"{API}users/sessions/{other.pk}/")


@case("POST api/v1/users/register/", "users.registered", status=201)
def register(world: World) -> Send:
    form = {"email": "new@example.com", "password": NEW_PASSWORD, "first_name": "New"}
    return lambda: world.visitor.post(f"{API}users/register/", form)


@case("PATCH api/v1/users/profile/", "users.profile.updated")
def change_the_profile(world: World) -> Send:
    client = world.learner
    return lambda: client.patch(f"{API}users/profile/", {"bio": "new"})


@case("DELETE api/v1/users/profile/", "users.erased", status=204)
def be_erased(world: World) -> Send:
    client = world.learner
    return lambda: client.delete(f"{API}users/profile/", {"password": PASSWORD})


@case("GET api/v1/users/export/", "users.exported")
def take_everything_along(world: World) -> Send:
    client = world.learner
    return lambda: client.get(f"{API}users/export/")


@case("POST api/v1/users/enable_2fa/", "auth.2fa.requested")
def ask_for_a_second_factor(world: World) -> Send:
    client = world.learner
    return lambda: client.post(f"{API}users/enable_2fa/")


@case("POST api/v1/users/confirm_2fa/", "auth.2fa.enabled")
def confirm_a_second_factor(world: World) -> Send:
    totp = _pending(world)
    client = world.learner
    return lambda: client.post(f"{API}users/confirm_2fa/", {"token": totp.now()})


@case("POST api/v1/users/confirm_2fa/ refused", "auth.2fa.failed", status=401)
def confirm_wrongly(world: World) -> Send:
    _pending(world)
    client = world.learner
    return lambda: client.post(f"{API}users/confirm_2fa/", {"token": "abcdef"})


@case("POST api/v1/users/verify_2fa/", "auth.login.succeeded", kept=("users_pendinglogin",))
def complete_a_login(world: World) -> Send:
    totp, _ = world.protected()
    bearer = _half(world)
    return lambda: world.visitor.post(f"{API}users/verify_2fa/", {"token": totp.now()}, **bearer)


@case("POST api/v1/users/verify_2fa/ refused", "auth.2fa.failed", kept=("users_pendinglogin",), status=401)
def complete_wrongly(world: World) -> Send:
    world.protected()
    bearer = _half(world)
    return lambda: world.visitor.post(f"{API}users/verify_2fa/", {"token": "abcdef"}, **bearer)


@case("POST api/v1/users/disable_2fa/", "auth.2fa.disabled", kept=("users_backupcode",), status=204)
def disable_the_second_factor(world: World) -> Send:
    _, codes = world.protected()
    client = world.learner
    return lambda: client.post(f"{API}users/disable_2fa/", {"password": PASSWORD, "token": codes[0]})


@case("POST api/v1/users/disable_2fa/ without the password proved", "auth.login.failed", kept=TRIES, status=403)
def disable_wrongly(world: World) -> Send:
    _, codes = world.protected()
    client = world.learner
    return lambda: client.post(f"{API}users/disable_2fa/", {"password": "wrong-horse-9", "token": codes[0]})


@case("POST api/v1/users/disable_2fa/ with a wrong code", "auth.2fa.failed", status=403)
def disable_without_the_code(world: World) -> Send:
    world.protected()
    client = world.learner
    return lambda: client.post(f"{API}users/disable_2fa/", {"password": PASSWORD, "token": "abcdef"})


@case("POST api/v1/users/regenerate_backup_codes/", "auth.2fa.codes_replaced", kept=("users_backupcode",))
def replace_the_codes(world: World) -> Send:
    _, codes = world.protected()
    client = world.learner
    return lambda: client.post(f"{API}users/regenerate_backup_codes/", {"password": PASSWORD, "token": codes[0]})


@case("POST api/v1/users/change_password/", "auth.password.changed")
def change_the_password(world: World) -> Send:
    client = world.learner
    return lambda: client.post(f"{API}users/change_password/", {"password": PASSWORD, "new_password": NEW_PASSWORD})


@case("POST api/v1/users/change_email/", "auth.email.change_requested", status=202)
def ask_for_another_address(world: World) -> Send:
    client = world.learner
    return lambda: client.post(f"{API}users/change_email/", {"password": PASSWORD, "email": "new@example.com"})


def _confirm_another_address(world: World, act: Any) -> Send:
    body = {"password": PASSWORD, "email": "new@example.com"}
    token = world.link("change_email", body, world.learner, to="new@example.com")
    return lambda: act(token)


@case("POST api/v1/users/confirm_email/", "auth.email.changed", "users.email.verified")
def confirm_another_address(world: World) -> Send:
    return _confirm_another_address(
        world, lambda token: world.visitor.post(f"{API}users/confirm_email/", {"token": token})
    )


@case("POST confirm-email", "auth.email.changed", "users.email.verified")
def confirm_another_address_on_the_page(world: World) -> Send:
    return _confirm_another_address(world, lambda token: _on_page("confirm-email", token=token))


@case("POST api/v1/users/resend_verification/", "users.email.verification_requested", status=202)
def ask_for_verification(world: World) -> Send:
    return lambda: world.visitor.post(f"{API}users/resend_verification/", {"email": world.student.email})


@case("POST api/v1/users/verify_email/", "users.email.verified")
def verify_the_address(world: World) -> Send:
    token = world.link("resend_verification", {"email": world.student.email})
    return lambda: world.visitor.post(f"{API}users/verify_email/", {"token": token})


@case("POST verify-email", "users.email.verified")
def verify_the_address_on_the_page(world: World) -> Send:
    token = world.link("resend_verification", {"email": world.student.email})
    return lambda: _on_page("verify-email", token=token)


@case("POST api/v1/users/password_reset/", "auth.password.reset_requested", status=202)
def ask_for_a_reset(world: World) -> Send:
    return lambda: world.visitor.post(f"{API}users/password_reset/", {"email": world.student.email})


RESET = ("users.email.verified", "auth.account.unlocked", "auth.password.reset")


@case("POST api/v1/users/password_reset_confirm/", *RESET)
def reset_the_password(world: World) -> Send:
    token = world.link("password_reset", {"email": world.student.email})
    body = {"token": token, "new_password": NEW_PASSWORD}
    return lambda: world.visitor.post(f"{API}users/password_reset_confirm/", body)


@case("POST reset-password", *RESET)
def reset_the_password_on_the_page(world: World) -> Send:
    token = world.link("password_reset", {"email": world.student.email})
    return lambda: _on_page("reset-password", token=token, new_password=NEW_PASSWORD)


def _locked(world: World) -> str:
    for _ in range(5):
        world.login("wrong-horse-9")
    return token_for(world.student.email)


@case("POST api/v1/users/unlock/", "auth.account.unlocked")
def unlock(world: World) -> Send:
    token = _locked(world)
    return lambda: world.visitor.post(f"{API}users/unlock/", {"token": token})


@case("POST unlock", "auth.account.unlocked")
def unlock_on_the_page(world: World) -> Send:
    token = _locked(world)
    return lambda: _on_page("unlock", token=token)


def _pending(world: World) -> Any:
    return pyotp.TOTP(world.learner.post(f"{API}users/enable_2fa/").json()["secret"])


def _half(world: World) -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {world.login().json()['access']}"}


def _on_page(path: str, **form: str) -> Any:
    return Client(raise_request_exception=False).post(f"/{path}", form)
