"""Every address of version 1 answers identically under version 2, whatever is added."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from titanobova.api import APIView
from titanobova.documentation import IndexView, SchemaView

SAMPLES = {"uuid": "00000000-0000-7000-8000-000000000000", "int": "1", "slug": "a-slug", "str": "text", "path": "a/b"}


def routes_of(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Return each route below `resolver`, with its whole address."""
    for entry in resolver.url_patterns:
        address = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from routes_of(entry, address)
        else:
            yield address, entry


ROUTES = {address: entry for address, entry in routes_of(get_resolver()) if address.startswith(("api/v1/", "api/v2/"))}
FIRST, SECOND = (
    {address.removeprefix(prefix): entry for address, entry in ROUTES.items() if address.startswith(prefix)}
    for prefix in ("api/v1/", "api/v2/")
)


def test_both_versions_have_the_same_addresses_names_and_views() -> None:
    assert len(FIRST) > 10
    assert {path: (entry.name, entry.callback) for path, entry in FIRST.items()} == {
        path: (entry.name, entry.callback) for path, entry in SECOND.items()
    }


def filled(path: str) -> str:
    """Return `path` with a sample in the place of each argument; a router writes some as regular expressions."""
    path = path.removeprefix("^").removesuffix("$").replace("/^", "/").replace("\\Z", "")
    while "<" in path:
        before, _, rest = path.partition("<")
        argument, _, after = rest.partition(">")
        kind = argument.partition(":")[0] if ":" in argument else "uuid"
        path = f"{before.removesuffix('(?P')}{SAMPLES[kind]}{after.removeprefix('[^/.]+)')}"
    return path


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
@pytest.mark.parametrize("path", FIRST)
def test_both_versions_answer_identically(anonymous: APIClient, settings: LazySettings, path: str, method: str) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1000, 3600))

    first, second = (getattr(anonymous, method)(f"/api/{version}/{filled(path)}") for version in ("v1", "v2"))

    assert first.status_code == second.status_code != 500
    assert first.headers.get("Allow") == second.headers.get("Allow")
    if path != "schema/":
        assert first.content.replace(b"/api/v1/", b"/api/v2/") == second.content


@pytest.mark.parametrize("path", FIRST)
def test_every_address_counts_a_request_before_it_refuses_it(path: str) -> None:
    view = getattr(FIRST[path].callback, "cls", None)

    assert view is not None
    assert issubclass(view, APIView) or view in {IndexView, SchemaView}
