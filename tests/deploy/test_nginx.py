"""deploy/nginx/: what nginx is told about clients, bodies, uploads and logs."""

import re

import pytest

from tests.deploy.conftest import ROOT

FOLDER = ROOT / "deploy" / "nginx"
CONFIGURATIONS = ("titanobova.conf", "parallel.conf")


def directives(name: str) -> str:
    """Return the file without its comments, every run of white space as one space."""
    return " ".join(re.sub(r"#.*", "", (FOLDER / name).read_text()).split())


def location(name: str, start: str) -> str:
    """Return the block of the location that begins with `start`."""
    found = re.search(rf"location {re.escape(start)} \{{(.*?)\}}(?= location| error_page| \}}|$)", directives(name))
    assert found, f"{name} has no location {start}"
    return found[1]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_included_file_exists(name: str) -> None:
    included = re.findall(r"include titanobova/([\w.]+);", "".join(map(directives, (name, "site.inc"))))

    assert {"http.inc", "site.inc", "proxy.inc"} <= set(included)
    assert all((FOLDER / file).is_file() for file in included)


@pytest.mark.parametrize("name", [*CONFIGURATIONS, "site.inc"])
def test_whatever_is_proxied_says_who_asks(name: str) -> None:
    assert len(re.findall(r"include titanobova/proxy.inc; proxy_pass ", directives(name))) == directives(name).count(
        "proxy_pass "
    )


def test_the_client_is_appended_to_what_it_claims_and_its_other_claims_are_dropped() -> None:
    proxied = directives("proxy.inc")

    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in proxied
    assert "proxy_set_header X-Forwarded-Proto $forwarded_proto;" in proxied
    assert "http_x_forwarded" not in "".join(directives(file.name) for file in FOLDER.iterdir())
    for claim in ("X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded"):
        assert f'proxy_set_header {claim} "";' in proxied


def test_only_the_port_of_the_tls_proxy_counts_as_https() -> None:
    plain, tls = directives("titanobova.conf").split("server {")[1:]

    assert "listen 8000; set $forwarded_proto $scheme;" in plain
    assert "real_ip" not in plain
    assert "listen 8001;" in tls
    assert "set $forwarded_proto https;" in tls
    assert "real_ip_header X-Forwarded-For;" in tls


def test_slow_clients_wait_in_nginx() -> None:
    for timeout in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        assert f"{timeout} 10s;" in directives("http.inc")
    assert "proxy_request_buffering on;" in directives("proxy.inc")


@pytest.mark.parametrize(
    ("path", "may_be_large"),
    [
        ("/api/v1/users/profile/", True),
        ("/api/v2/users/profile/", True),
        ("/admin/users/user/add/", True),
        ("/api/v1/users/profiles", False),
        ("/api/v1/auth/token/", False),
        ("/api/v1/payments/webhook/", False),
        ("/administrator", False),
    ],
)
def test_only_routes_with_pictures_take_more_than_a_megabyte(path: str, may_be_large: bool) -> None:
    found = re.search(r"location ~ (\S+) \{ client_max_body_size 6m;", directives("site.inc"))

    assert "client_max_body_size 1m;" in directives("http.inc")
    assert found
    assert bool(re.search(found[1], path)) == may_be_large


def test_uploads_are_never_run_by_a_browser() -> None:
    media = location("site.inc", "/media/")

    assert "add_header X-Content-Type-Options nosniff always;" in media
    assert "sandbox" in media
    assert "default_type application/octet-stream;" in media
    assert "disable_symlinks on;" in media
    assert set(re.findall(r"(\w+/\w+) [\w ]+;", media)) == {"image/jpeg", "image/png", "image/webp"}


def test_no_query_is_logged_for_links_carry_their_token_there() -> None:
    shape = re.search(r"log_format json_lines escape=json ([^;]*);", directives("http.inc"))

    assert shape
    assert not {"$request", "$request_uri", "$args", "$query_string", "$http_referer"} & set(
        re.findall(r"\$\w+", shape[1])
    )
    assert "access_log /dev/stdout json_lines;" in directives("http.inc")


def test_in_the_parallel_run_node_keeps_the_unversioned_api_alone() -> None:
    assert "proxy_pass http://host.docker.internal:4000;" in location("parallel.conf", "/api/")
    assert "proxy_pass $django;" in location("parallel.conf", "~ ^/api/v[12](/|$)")
    assert "proxy_pass $django;" in location("site.inc", "/")  # /admin, /static, /health and the rest
    assert directives("parallel.conf").count(":4000") == 1
