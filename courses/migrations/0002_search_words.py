from django.db import migrations

from titanobova.search import FullTextIndex


class Migration(migrations.Migration):
    dependencies = [("courses", "0001_initial")]
    operations = [
        FullTextIndex("Course", ["title", "category", "description"]),
        FullTextIndex("Lesson", ["title"]),
        FullTextIndex("Certificate", ["code", "holder_name", "course_title"]),
        FullTextIndex("EnrollmentRequest", ["email", "first_name", "last_name", "course_title"]),
    ]
