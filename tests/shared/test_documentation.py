"""`/api/v1/`: documentation for people, an index for programs, and the OpenAPI document behind both."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from rest_framework.test import APIClient

from users.models import User

pytestmark = pytest.mark.django_db

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}
REFERENCE = re.compile(r'(?:src|href|url)\s*[=:]\s*["\']([^"\']+)["\']')


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_program_gets_an_index_whose_addresses_all_answer(anonymous: APIClient, accept: str) -> None:
    index = anonymous.get("/api/v1/", headers={"Accept": accept} if accept else {})

    assert index.headers["Content-Type"] == "application/json"
    addresses = index.json()
    assert addresses["log in"] == "http://testserver/api/v1/auth/token/"
    assert {name: anonymous.options(address).status_code for name, address in addresses.items()} == {
        name: pytest.approx(300, abs=101) for name in addresses
    }
    assert not [name for name, address in addresses.items() if anonymous.get(address).status_code == 404]


def test_the_index_of_the_second_version_leads_to_the_second_version(anonymous: APIClient) -> None:
    assert all("/api/v2/" in address for address in anonymous.get("/api/v2/").json().values())


def test_the_first_page_of_all_leads_there(anonymous: APIClient) -> None:
    assert anonymous.get("/", headers=BROWSER).headers["Location"] == "/api/v1/"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_person_gets_a_page_that_needs_nothing_from_elsewhere(version: str) -> None:
    page = Client().get(f"/api/{version}/", headers=BROWSER)
    html = page.content.decode()
    references = REFERENCE.findall(html)
    scripts = [path for path in references if path.startswith(f"/api/{version}/?script")]
    program = Client().get(scripts[0], headers={"Accept": "*/*"})

    assert page.headers["Content-Type"].startswith("text/html")
    assert program.headers["Content-Type"].startswith(("application/javascript", "text/javascript"))
    assert f"/api/{version}/schema/" in program.content.decode()
    files = [path for path in references if path not in scripts]
    assert len(files) >= 3
    assert [path for path in files if not path.startswith("/static/")] == []
    assert [path for path in files if not finders.find(path.removeprefix("/static/"))] == []
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []  # the policy would not let an inline one run


def test_nothing_that_the_caller_did_not_choose_is_sent_when_an_operation_is_tried_out(anonymous: APIClient) -> None:
    document = anonymous.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    verbs = [verb for path in document["paths"].values() for verb in path.values()]

    parameters = [parameter for verb in verbs for parameter in verb.get("parameters", [])]

    assert "min_price" in {parameter["name"] for parameter in parameters}
    assert [one["name"] for one in parameters if {"example", "examples"} & {*one, *one["schema"]}] == []


@pytest.mark.parametrize("url", ["/api/v1/", "/api/v1/schema/"])
def test_a_token_that_is_not_valid_does_not_hide_it(anonymous: APIClient, url: str) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer null")

    assert anonymous.get(url).status_code == 200


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_document_is_valid_openapi_3_1_and_names_our_bearer_tokens(anonymous: APIClient, version: str) -> None:
    document = anonymous.get(f"/api/{version}/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()

    validate(document)
    assert document["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in document["paths"])
    assert document["components"]["securitySchemes"]["bearerAuth"]["scheme"] == "bearer"


def test_the_document_is_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))

    assert "/api/v1/auth/token/" in (tmp_path / "schema.yml").read_text()


def test_a_refusal_is_json_whatever_form_of_the_document_was_asked_for(anonymous: APIClient) -> None:
    answer = anonymous.put("/api/v1/schema/")

    assert (answer.status_code, answer["Content-Type"]) == (405, "application/json")
    assert answer.json()["code"] == "method_not_allowed"


def test_a_profile_is_what_the_document_says(api: Callable[[User], APIClient], student: User) -> None:
    document = api(student).get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    profile = {"$ref": "#/components/schemas/ProfileOutput", "components": document["components"]}

    Draft202012Validator(profile).validate(api(student).get("/api/v1/users/profile/").json())
