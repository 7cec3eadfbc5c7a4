"""The glossary says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Field, Model

from mappings import defaults
from tests.tables import business_central_tables

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
TERMS, FIELDS = GLOSSARY.read_text(encoding="utf-8").split("# Fields of the default mappings")
ROW = re.compile(
    r"^\| (?P<caption>.+?) \| `(?P<python>\w+\.\w+)` \| (?P<field>.+?) \|$", re.MULTILINE
)
PAIR = re.compile(r"^\| (.+?) \| `(\w+)` \| `(\w+)` \|$", re.MULTILINE)
EXPLAINED: set[type[Model]] = {
    model
    for app in ("connections", "mappings", "syncjobs")
    for model in apps.get_app_config(app).get_models()
    if model.__name__ != "Lease"
}


def captions() -> dict[str, str]:
    return {row["python"]: row["caption"] for row in ROW.finditer(TERMS)}


MODELS = sorted(EXPLAINED, key=lambda model: model.__name__)


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_in_the_glossary_with_its_caption(model: type[Model]) -> None:
    known = captions()
    fields = [
        field
        for field in model._meta.get_fields()
        if isinstance(field, Field) and not field.is_relation and field.name != "id"
    ]

    for field in fields:
        name = f"{model.__name__}.{field.name}"
        assert known.get(name) == str(field.verbose_name), name


def test_the_glossary_names_nothing_that_the_code_lacks() -> None:
    models = {model.__name__: model for model in EXPLAINED}

    for name in captions():
        model, _, field = name.partition(".")
        assert model in models, name
        assert any(known.name == field for known in models[model]._meta.get_fields()), name


def test_mapped_fields_are_those_of_the_default_mappings() -> None:
    tables = business_central_tables()
    expected = [
        (tables[mapping.table].columns[row.field].caption, row.field, row.integration_field)
        for mapping in defaults.mappings()
        for row in mapping.fields
        if mapping.family == "dataverse" and row.field and row.integration_field
    ]

    assert PAIR.findall(FIELDS) == expected
