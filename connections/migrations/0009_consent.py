from django.db import migrations, models

IN_USE_BEFORE = 'in use before it was asked'


def keep_what_is_in_use(apps, schema_editor):
    """Who connected before consent was asked everywhere goes on, and is not asked by a restart."""
    rows = apps.get_model('connections', 'DataverseConnectionSetup').objects
    used = models.Q(is_enabled=True) | models.Q(restore_connection=True)
    rows.filter(used).update(consent_version=IN_USE_BEFORE)


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0008_restore_connection'),
    ]

    operations = [
        migrations.AddField(
            model_name='dataverseconnectionsetup',
            name='consent_version',
            field=models.CharField(blank=True, max_length=40, verbose_name='Consent'),
        ),
        migrations.RunPython(keep_what_is_in_use, migrations.RunPython.noop),
    ]
