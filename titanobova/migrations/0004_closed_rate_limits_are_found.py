from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("titanobova", "0003_heartbeat"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ratelimitcounter",
            index=models.Index(fields=["window_ends_ms"], name="rate_limits_by_end"),
        ),
    ]
