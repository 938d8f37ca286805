from django.db import migrations

from titanobova.search import FullTextIndex


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]
    operations = [FullTextIndex("Contact", ["name", "email", "subject", "message"])]
