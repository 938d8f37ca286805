"""A mailed link works once, however many use it at the same moment."""

import threading
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import RunTogether, make_user
from users.models import MailedLink, MailedLinkQuerySet, User
from users.services import links, passwords
from users.services.links import InvalidLink, Purpose

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
NOBODY = Actor(ip_address="192.0.2.1")


@pytest.fixture
def token() -> str:
    """The token of a link that resets the password of races@example.com."""
    user = make_user("races@example.com")
    return issue(user)


def issue(user: User) -> str:
    """Make a reset link and return its token."""
    with transaction.atomic():
        return links.issue(user, Purpose.RESET_PASSWORD, to=user.email)


def new_password(number: int) -> str:
    return f"quiet-lantern-{number}-42"


def reset(token: str, number: int) -> int:
    """Set the password of this thread; return its number."""
    passwords.reset_password(token=token, new_password=new_password(number), by=NOBODY)
    return number


def test_one_reset_link_has_one_winner_whose_password_counts(run_together: RunTogether, token: str) -> None:
    outcomes = run_together(THREADS, lambda number: reset(token, number))

    (winner,) = (outcome for outcome in outcomes if isinstance(outcome, int))
    assert [type(outcome) for outcome in outcomes].count(InvalidLink) == THREADS - 1
    assert check_password(new_password(winner), User.objects.get().password)
    assert AuditLog.objects.filter(details__event="auth.password.reset").count() == 1


def test_of_many_links_asked_for_at_once_the_newest_alone_is_open(run_together: RunTogether) -> None:
    user = make_user("races@example.com")

    tokens = run_together(THREADS, lambda _: issue(user))

    assert len({token for token in tokens if isinstance(token, str)}) == THREADS
    assert MailedLink.objects.open().count() == 1


def test_asking_and_resetting_at_once_never_wait_for_each_other_in_a_ring(
    run_together: RunTogether, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each waits after its first lock for the other's. Were these not the same row, both would hold one by then.
    both_hold_a_lock = threading.Barrier(2)

    def meet() -> bool:
        with suppress(threading.BrokenBarrierError):
            both_hold_a_lock.wait(timeout=1)
        return True

    close_links, spend = links.close_links, MailedLinkQuerySet.spend
    monkeypatch.setattr(links, "close_links", lambda *asked: meet() and close_links(*asked))
    monkeypatch.setattr(type(MailedLink.objects), "spend", lambda rows, pk: spend(rows.all(), pk) and meet())
    ask, use = partial(passwords.ask_for_reset, "races@example.com", by=NOBODY), partial(reset, token, 1)

    asked, won = run_together(2, lambda number: use() if number else ask())

    assert asked is None
    assert won == 1 or isinstance(won, InvalidLink)


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_a_link_checked_before_it_is_spent_works_often(
        run_together: RunTogether, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        everyone_has_read = threading.Barrier(THREADS, timeout=30)

        def read_then_write(rows: object, pk: UUID) -> bool:
            unspent = MailedLink.objects.open().filter(pk=pk).exists()
            everyone_has_read.wait()
            MailedLink.objects.filter(pk=pk).update(spent_at=timezone.now())
            return unspent

        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
        monkeypatch.setattr(type(MailedLink.objects), "spend", read_then_write)

        outcomes = run_together(THREADS, lambda number: reset(token, number))

        assert len([outcome for outcome in outcomes if isinstance(outcome, int)]) > 1
