"""Staff find contacts by words (contract 3.2), on both databases alike."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from rest_framework.test import APIClient

from contacts.models import Contact
from tests.contacts.conftest import URL, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _contacts(db: None) -> None:
    make_contact(name="Ada Lovelace", email="ada@example.com", subject="Python", message="When does it start?")
    make_contact(
        name="Otto",
        email="otto@example.org",
        subject="Invoice 2024-17",
        message="Ask Ada about C++ & IT-Kurse, ~twenty people",
    )
    make_contact(
        name="Ünal Œuvre", email="u.nal@example.net", subject="Ελληνικά", message="Стоимость курса? お支払い方法"
    )


def found(office: APIClient, search: str) -> set[str]:
    """Return who is on the page that a search gives."""
    answer = office.get(URL, {"search": search, "is_spam": "all"})
    assert answer.status_code == 200, answer.content
    return {contact["name"].split()[0] for contact in answer.json()["results"]}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("ada@example.com", {"Ada"}),
        ("ADA@EXAMPLE.COM", {"Ada"}),
        ("ada", {"Ada", "Otto"}),
        ("lov", {"Ada"}),
        ("ovelace", set()),
        ("ada python", {"Ada"}),
        ("python ada", {"Ada"}),
        ("ada invoice", {"Otto"}),
        ("ada knitting", set()),
        ("example", {"Ada", "Otto", "Ünal"}),
        ("2024-17", {"Otto"}),
        ("2024", {"Otto"}),
        ("c++", {"Ada", "Otto"}),
        ("it kurse", {"Otto"}),
        ("twenty", {"Otto"}),
        ("start?", {"Ada"}),
        ("стоим", {"Ünal"}),
        ("ελλην", {"Ünal"}),
        ("ünal", {"Ünal"}),
        ("œuv", {"Ünal"}),
        ("u.nal@", {"Ünal"}),
    ],
)
def test_words_and_their_beginnings_are_found_in_name_email_subject_and_message(
    office: APIClient, search: str, expected: set[str]
) -> None:
    assert found(office, search) == expected


@pytest.mark.parametrize(
    "search",
    ["%", "_", "'", '"', "&", "|", "!", "()", ":*", "a:*", "ada & !otto", '"ada', "ada*", "NEAR(ada otto)", "-ada",
     "ada OR otto", "name:ada", "{name} : ada", "\\", "';--", "\u0307", "İ", "ß", "ﬁ", "😀", "a\u0301", "x " * 90],
)  # fmt: skip
def test_odd_input_is_only_words_or_nothing(office: APIClient, search: str) -> None:
    words = {
        "a:*",
        "ada & !otto",
        '"ada',
        "ada*",
        "NEAR(ada otto)",
        "-ada",
        "ada OR otto",
        "name:ada",
        "{name} : ada",
        "a\u0301",
    }

    assert bool(found(office, search)) <= (search in words)


def test_notes_and_addresses_are_not_searched(office: APIClient) -> None:
    assert found(office, "calls") == found(office, "203.0.113.7") == set()


def test_what_was_changed_is_found_by_its_new_words_alone(office: APIClient) -> None:
    Contact.objects.filter(name="Otto").update(message="Knitting")

    assert (found(office, "knit"), found(office, "kurse")) == ({"Otto"}, set())


@effort(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_no_text_at_all_is_an_error(text: str) -> None:
    list(Contact.objects.matching(search=text or "x"))
