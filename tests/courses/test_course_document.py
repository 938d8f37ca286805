"""docs/courses.md names addresses that exist."""

import re
from uuid import uuid4

import pytest
from django.urls import resolve

from titanobova.api import unknown_path
from titanobova.env import BASE_DIR

DOCUMENT = (BASE_DIR / "docs" / "courses.md").read_text()
ADDRESSES = sorted(set(re.findall(r"\$API(/[^\s\"`?]+)", DOCUMENT)))


def test_the_document_is_read() -> None:
    assert len(ADDRESSES) >= 10


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_address_of_the_document_exists(address: str) -> None:
    path = re.sub(r"<[a-z]+>", str(uuid4()), address)

    assert resolve(f"/api/v1{path}").func is not unknown_path
