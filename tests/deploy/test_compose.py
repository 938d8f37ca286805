"""docker-compose.yml: what starts, in which order, with which rights, and what Docker Compose says of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.validate_compose import faults
from tests.deploy.conftest import ROOT

FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
APPLICATION = ["prepare", "migrate", "web", "worker", "beat"]
ONE_SHOT = ["prepare", "migrate"]
LASTING = sorted(set(SERVICES) - set(ONE_SHOT))


def test_docker_compose_finds_no_fault_with_and_without_the_parallel_profile() -> None:
    assert faults(FILE, ROOT / ".env.production.example") == ""


@pytest.mark.parametrize("service", ["web", "nginx-parallel"])
def test_a_fault_is_found_in_every_profile(tmp_path: Path, service: str) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(FILE.read_text().replace(f"  {service}:\n", f"  {service}:\n    volume_from: x\n"))

    assert "volume_from" in faults(broken, ROOT / ".env.production.example")


def test_the_services_of_production_start_without_a_profile() -> None:
    plain = {name for name, service in SERVICES.items() if "profiles" not in service}

    assert plain == {"prepare", "migrate", "web", "worker", "beat", "nginx", "db", "redis"}
    assert SERVICES["nginx-parallel"]["profiles"] == ["parallel"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_container_is_read_only_and_gains_no_privilege(service: str) -> None:
    assert SERVICES[service]["read_only"] is True
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert SERVICES[service]["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "devices", "pid", "ipc"} & SERVICES[service].keys()


def test_only_the_step_that_gives_folders_away_runs_as_root() -> None:
    users = {name: service.get("user") for name, service in SERVICES.items()}

    assert users.pop("prepare") == "0:0"
    assert SERVICES["prepare"]["network_mode"] == "none"
    assert {users.pop(name) for name in APPLICATION if name in users} == {None}  # the image's own, 10001
    assert users == {"nginx": "101:101", "nginx-parallel": "101:101", "db": "postgres", "redis": "redis"}


def test_logs_media_and_tmp_are_all_that_the_application_can_write() -> None:
    for name in ("migrate", "web", "worker", "beat"):
        assert SERVICES[name]["volumes"] == ["./logs:/app/logs", "media:/app/media"]
        assert SERVICES[name]["tmpfs"] == ["/tmp"]


def test_nginx_alone_is_reached_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published.keys() == {"nginx", "nginx-parallel"}
    assert published["nginx"][0] == "8000:8000"
    assert all(port.startswith("127.0.0.1:") for port in published["nginx"][1:])


def test_the_stores_reach_nothing_and_nginx_does_not_reach_them() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["db"]["networks"] == SERVICES["redis"]["networks"] == ["data"]
    assert SERVICES["nginx"]["networks"] == SERVICES["nginx-parallel"]["networks"] == ["edge"]


@pytest.mark.parametrize("service", APPLICATION)
def test_the_application_is_in_production_behind_one_proxy(service: str) -> None:
    assert SERVICES[service]["env_file"] == ".env.production"
    assert SERVICES[service]["environment"]["DEBUG"] == "False"
    assert SERVICES[service]["environment"]["TRUSTED_PROXY_COUNT"] == "1"


@pytest.mark.parametrize("service", ["db", "redis", "nginx", "nginx-parallel"])
def test_what_is_not_ours_never_sees_the_settings(service: str) -> None:
    assert "env_file" not in SERVICES[service]
    assert not any("env.production" in volume for volume in SERVICES[service]["volumes"])


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_nothing_serves_before_the_database_is_migrated(service: str) -> None:
    assert SERVICES[service]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["db"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["command"] == ["python", "manage.py", "migrate", "--noinput"]
    assert SERVICES["migrate"]["environment"]["DB_STATEMENT_TIMEOUT"] == "0"


@pytest.mark.parametrize("service", LASTING)
def test_what_lasts_is_checked_and_restarted(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]
    assert SERVICES[service]["restart"] == "unless-stopped"


@pytest.mark.parametrize("service", ONE_SHOT)
def test_a_one_shot_is_neither_checked_nor_restarted(service: str) -> None:
    assert SERVICES[service]["healthcheck"] == {"disable": True}
    assert SERVICES[service]["restart"] == "no"


def test_requests_under_way_may_finish_before_docker_kills() -> None:
    graceful_timeout = 30  # seconds, of deploy/gunicorn.conf.py

    assert int(SERVICES["web"]["stop_grace_period"].removesuffix("s")) > graceful_timeout


def test_the_web_service_runs_the_image_as_it_is() -> None:
    assert "command" not in SERVICES["web"]
    assert "init" not in SERVICES["web"]  # gunicorn is process 1
    assert "deploy" not in SERVICES["beat"]  # one beat, never several


def test_web_and_worker_count_each_for_itself_and_their_checks_leave_no_figures() -> None:
    for name in ("web", "worker"):
        folder = SERVICES[name]["environment"]["PROMETHEUS_MULTIPROC_DIR"]
        assert folder == "/tmp/metrics"
        assert "/tmp" in SERVICES[name]["tmpfs"]  # of this container alone: both have processes of the same numbers
        assert not any(volume.endswith(":/tmp") for volume in SERVICES[name]["volumes"])
    assert "PROMETHEUS_MULTIPROC_DIR" not in SERVICES["beat"]["environment"]
    assert SERVICES["worker"]["healthcheck"]["test"][1].startswith("env -u PROMETHEUS_MULTIPROC_DIR celery ")
    assert "WORKER_METRICS_BIND" not in SERVICES["web"]["environment"]


def test_redis_keeps_its_data_and_reads_its_password_from_a_file() -> None:
    command = " ".join(SERVICES["redis"]["command"])

    assert "--appendonly yes" in command
    assert "/handover/redis.conf" in command
    assert "requirepass" not in command
