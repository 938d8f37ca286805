"""Imports in the admin."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from legacy_import.models import ImportedRecord, ImportRun
from tests.legacy_import.imports import import_from
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client, staff: User, sample: Path) -> Client:
    """Somebody of the staff, after an import."""
    import_from(sample)
    client.force_login(staff)
    return client


def test_staff_see_each_run_with_its_report(admin: Client) -> None:
    run = ImportRun.objects.get()

    page = admin.get(reverse("admin:legacy_import_importrun_change", args=[run.pk])).content.decode()

    assert "html_unescaped" in page
    assert "Ó&amp;#x27;Dálaigh" in page  # escaped once by the old site, and once more to show it
    assert "finished" in admin.get(reverse("admin:legacy_import_importrun_changelist")).content.decode().lower()


def test_staff_find_a_run_by_its_source_and_its_id_and_those_that_failed(admin: Client) -> None:
    run, url = ImportRun.objects.get(), reverse("admin:legacy_import_importrun_changelist")
    failed = ImportRun.objects.create(source="mysql://old.example.com/titanobova", outcome="failed")

    def found(**query: str) -> list[ImportRun]:
        return list(admin.get(url, query).context["cl"].result_list)

    assert found(q="OLD.example") == found(q=str(failed.pk)) == found(outcome__exact="failed") == [failed]
    assert found(q=str(run.pk)) == found(q=Path(run.source).name) == [run]
    assert found(q=str(run.pk)[:8]) == found(q="nothing") == []


def test_staff_find_a_row_by_its_old_id_and_by_ours(admin: Client) -> None:
    record = ImportedRecord.objects.get(kind="users", legacy_id="38")
    url = reverse("admin:legacy_import_importedrecord_changelist")

    for words in ("38", str(record.object_id)):
        assert str(record.object_id) in admin.get(url, {"q": words}).content.decode()
    assert str(record.object_id) not in admin.get(url, {"q": "nothing"}).content.decode()


@pytest.mark.parametrize("model", ["importrun", "importedrecord"])
def test_nobody_edits_what_was_imported(admin: Client, model: str) -> None:
    found = (ImportRun if model == "importrun" else ImportedRecord).objects.first()
    assert found is not None

    for action, arguments in (("add", []), ("delete", [found.pk])):
        answer = admin.post(reverse(f"admin:legacy_import_{model}_{action}", args=arguments), {"post": "yes"})
        assert answer.status_code == 403
    changed = admin.post(reverse(f"admin:legacy_import_{model}_change", args=[found.pk]), {"legacy_id": "0"})
    assert changed.status_code == 403
