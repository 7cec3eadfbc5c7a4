"""The extension's AL source brings exactly the pages that the sandbox speaks with."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bc_extension import generate
from bc_extension.entities import Entity, UnknownCodeError, object_name, quoted
from tests.running_sandbox import RunningSandbox

HERE = Path(generate.__file__).parent
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
CONTROL = re.compile(
    r'^ +field\("?(\w+)"?; [^\n]+\)\n +\{\n(.*?)^ {16}\}', re.MULTILINE | re.DOTALL
)
OBJECT = re.compile(r'^(page|query|codeunit|permissionset) (\d+) "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class AlPage:
    """What an AL file says of its page."""

    name: str
    set_name: str
    text: str

    @property
    def editable(self) -> dict[str, bool]:
        return {name: "Editable = false;" not in body for name, body in CONTROL.findall(self.text)}


def al_files() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(HERE.rglob("*.al"))]


def al_pages() -> dict[str, AlPage]:
    found = {}
    for text in al_files():
        if match := re.search(r"EntitySetName = '(\w+)'", text):
            name = OBJECT.search(text)
            assert name is not None
            found[match[1]] = AlPage(name[3], match[1], text)
    return found


def test_the_source_is_what_the_schema_says() -> None:
    assert generate.differences() == [], "Run `python -m bc_extension.generate`."


def test_every_page_of_the_sandbox_is_there_with_its_fields_and_what_may_be_edited(
    sandbox: RunningSandbox,
) -> None:
    root = sandbox.bc.root.split("/companies(")[0]
    tree = ElementTree.fromstring(sandbox.bc.get(f"{root}/$metadata").content)  # noqa: S314
    types = {item.get("Name"): item for item in tree.iter(f"{EDM}EntityType")}
    spoken = {}
    for entity_set in tree.iter(f"{EDM}EntitySet"):
        kind = str(entity_set.get("EntityType")).removeprefix("Microsoft.NAV.")
        spoken[entity_set.get("Name")] = {
            item.get("Name"): all(
                note.get("Term") != "NAV.AllowEditOnCreate" for note in item.iter()
            )
            for item in types[kind].iter(f"{EDM}Property")
        }
    del spoken["companies"]

    written = {name: page.editable for name, page in al_pages().items()}

    assert set(written) == set(spoken)
    for name, fields in written.items():
        fields.pop("id"), spoken[name].pop("id")
        assert fields == spoken[name], name


def test_a_page_that_creates_records_keeps_the_id_that_came_along() -> None:
    for page in al_pages().values():
        creates = "InsertAllowed = false;" not in page.text
        keeps = "Rec.Insert(true, not IsNullGuid(Rec.SystemId));" in page.text

        assert keeps == creates == page.editable["id"], page.name


def test_a_page_that_only_shows_lets_nothing_be_written() -> None:
    page = al_pages()["priceListLines"]

    assert not any(page.editable.values())
    for what in ("Insert", "Modify", "Delete"):
        assert f"{what}Allowed = false;" in page.text


def test_documents_are_filtered_and_have_their_actions() -> None:
    pages = al_pages()

    assert 'where("Document Type" = const(Order))' in pages["salesOrders"].text
    actions = re.findall(r"\[ServiceEnabled\]\n +procedure (\w+)", pages["salesQuotes"].text)
    assert actions == ["Release", "Reopen", "Archive"]


def test_numbers_and_names_are_those_that_business_central_takes() -> None:
    found = [match for text in al_files() for match in OBJECT.findall(text)]
    app = json.loads((HERE / "app.json").read_text(encoding="utf-8"))
    [numbers] = app["idRanges"]

    assert len({(kind, number) for kind, number, _ in found}) == len(found) == len(al_files())
    for _, number, name in found:
        assert numbers["from"] <= int(number) <= numbers["to"]
        assert len(name) <= 30


def test_the_permission_set_runs_every_page_and_only_reads_the_setup() -> None:
    [text] = [text for text in al_files() if 'permissionset 50142 "SI' in text]

    for page in al_pages().values():
        assert f'page "{page.name}" = X' in text
    assert "tabledata Customer = RIMD" in text
    assert 'tabledata "Marketing Setup" = R,' in text
    assert 'tabledata "Sales Price" = R' in text.split("#if SALESPRICES")[1].split("#endif")[0]


def test_a_field_that_only_code_can_show_is_refused_until_somebody_writes_the_code() -> None:
    facts = {
        "table": "Item",
        "entitySet": "items",
        "entityName": "item",
        "binding": "customApi",
        "fields": [{"name": "stock", "alSource": "GetStock()", "editable": False}],
    }

    with pytest.raises(UnknownCodeError, match=r"items\.stock"):
        _ = Entity(facts, {}, {}).fields
    with pytest.raises(UnknownCodeError, match="too long"):
        object_name("detailedCustomerLedgerEntryOfLastYear", {})


def test_names_are_quoted_where_al_needs_it() -> None:
    assert quoted("Customer") == "Customer"
    assert quoted("No.") == '"No."'
    assert quoted("Code") == '"Code"'
