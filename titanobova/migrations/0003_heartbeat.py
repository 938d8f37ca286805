from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("titanobova", "0002_mail_tries_and_events"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("noted_at", models.DateTimeField()),
            ],
        ),
    ]
