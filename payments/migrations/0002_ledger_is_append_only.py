"""Let nobody change or delete what the ledger says."""

from django.db import migrations

from titanobova.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [AppendOnly("LedgerEntry")]
