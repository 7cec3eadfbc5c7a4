"""What a route says of itself: the service document and $metadata."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from sandbox import schema
from sandbox.business_central.pages import entity, navigations, set_name
from sandbox.business_central.values import EDM, encoded
from sandbox.http import Reply
from sandbox.schema import Column, Page, Type

if TYPE_CHECKING:
    from sandbox.business_central.service import BusinessCentral

NAMESPACE = "Microsoft.NAV"


def service_document(environment: BusinessCentral, route: str, root: str) -> Reply:
    """Answer the root of a route."""
    names = sorted({"companies", *(name for own, name in environment.pages if own == route)})
    value = [{"name": name, "kind": "EntitySet", "url": name} for name in names]
    return Reply(200, {"@odata.context": f"{root}/$metadata", "value": value})


def csdl(route: str) -> Reply:
    """Answer $metadata."""
    return Reply(200, _document(route), {"Content-Type": "application/xml"})


@cache
def _document(route: str) -> bytes:
    shown = _pages(route)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">',
        "<edmx:DataServices>",
        f'<Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
    ]
    for page in shown.values():
        lines += _entity_type(page, shown)
    for page in shown.values():
        lines += _enum_types(page)
        lines += _actions(page)
    lines.append('<EntityContainer Name="NAV">')
    for name, page in shown.items():
        lines += _entity_set(name, page, shown)
    lines += ["</EntityContainer>", "</Schema>", "</edmx:DataServices>", "</edmx:Edmx>"]
    return "\n".join(lines).encode()


def _pages(route: str) -> dict[str, Page]:
    pages = schema.business_central()[1]
    shown = {name: page for (own, name), page in pages.items() if own == route}
    shown.setdefault("companies", pages[schema.STANDARD, "companies"])
    return dict(sorted(shown.items()))


def _entity_type(page: Page, shown: dict[str, Page]) -> Iterator[str]:
    yield f'<EntityType Name="{entity(page)}">'
    yield '<Key><PropertyRef Name="id"/></Key>'
    for column in page.fields.values():
        yield from _property(page, column)
    if entity(page) == "company":
        for name, other in shown.items():
            if name != "companies":
                yield _navigation(name, other, collection=True)
    for navigation in navigations(page).values():
        if navigation.page in shown.values():
            yield _navigation(navigation.name, navigation.page, collection=navigation.collection)
    yield "</EntityType>"


def _navigation(name: str, page: Page, *, collection: bool) -> str:
    target = f"{NAMESPACE}.{entity(page)}"
    kind = f"Collection({target})" if collection else target
    return f'<NavigationProperty Name="{name}" Type="{kind}" ContainsTarget="true"/>'


def _property(page: Page, column: Column) -> Iterator[str]:
    kind = EDM[column.type]
    if column.type == Type.ENUM:
        kind = f"{NAMESPACE}.{enum_name(page, column)}"
    facets = ""
    if column.max_length is not None:
        facets = f' MaxLength="{column.max_length}"'
    elif column.type == Type.DECIMAL:
        facets = ' Scale="Variable"'
    if column.name == "id":
        facets = ' Nullable="false"'
    yield f'<Property Name="{column.name}" Type="{kind}"{facets}>'
    yield f'<Annotation Term="NAV.LabelId" String={quoteattr(column.caption)}/>'
    if not (column.updatable or (column.name == "id" and page.takes_id)):
        yield '<Annotation Term="NAV.AllowEdit" Bool="false"/>'
        yield '<Annotation Term="NAV.AllowEditOnCreate" Bool="false"/>'
    elif column.name == "id":
        yield '<Annotation Term="NAV.AllowEdit" Bool="false"/>'
    yield "</Property>"


def enum_name(page: Page, column: Column) -> str:
    """Return the name of the enumeration of a field."""
    return f"{entity(page)}{column.name[0].upper()}{column.name[1:]}"


def _enum_types(page: Page) -> Iterator[str]:
    for column in page.fields.values():
        if column.type == Type.ENUM:
            yield f'<EnumType Name="{enum_name(page, column)}">'
            for number, member in enumerate(column.members):
                yield f'<Member Name="{encoded(member)}" Value="{number}"/>'
            yield "</EnumType>"


def _actions(page: Page) -> Iterator[str]:
    for action in page.actions:
        yield f'<Action Name="{action}" IsBound="true">'
        yield f'<Parameter Name="bindingParameter" Type="{NAMESPACE}.{entity(page)}"/>'
        yield "</Action>"


def _entity_set(name: str, page: Page, shown: dict[str, Page]) -> Iterator[str]:
    yield f'<EntitySet Name="{name}" EntityType="{NAMESPACE}.{entity(page)}">'
    for navigation in navigations(page).values():
        if navigation.page in shown.values():
            target = set_name(navigation.page)
            yield f'<NavigationPropertyBinding Path="{navigation.name}" Target="{target}"/>'
    yield "</EntitySet>"
