from django.db import migrations

from titanobova.search import FullTextIndex


class Migration(migrations.Migration):
    dependencies = [("courses", "0001_initial")]
    operations = [FullTextIndex("Course", ["title", "category", "description"])]
