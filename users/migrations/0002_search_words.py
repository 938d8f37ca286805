from django.db import migrations

from titanobova.search import FullTextIndex


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]
    operations = [FullTextIndex("User", ["email", "first_name", "last_name"])]
