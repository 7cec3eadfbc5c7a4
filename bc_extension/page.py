"""Writes the API page of one entity in AL."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from bc_extension.entities import Entity, Field, quoted, text

STEP = "    "
IDS_STAY = "The id of a record that is there cannot be changed."


def page(number: int, name: str, entity: Entity, actions: dict[str, dict[str, str]]) -> str:
    """Return the source of a page."""
    body = [
        *_properties(entity),
        "",
        "layout",
        "{",
        *_in(
            [
                "area(Content)",
                "{",
                *_in(["repeater(Records)", "{", *_in(_controls(entity)), "}"]),
                "}",
            ]
        ),
        "}",
        *_triggers(entity),
        *_actions(entity, name, actions),
        *_procedures(entity),
        *_variables(entity),
    ]
    return "\n".join([f"page {number} {quoted(name)}", "{", *_in(body), "}"])


def _in(lines: list[str] | Iterator[str]) -> list[str]:
    return [indent(line, STEP) if line else "" for text in lines for line in text.split("\n")]


def _properties(entity: Entity) -> Iterator[str]:
    yield "PageType = API;"
    yield "APIPublisher = 'integration';"
    yield "APIGroup = 'sales';"
    yield "APIVersion = 'v1.0';"
    yield f"EntityName = '{entity.entity_name}';"
    yield f"EntitySetName = '{entity.set_name}';"
    yield f"SourceTable = {quoted(entity.table)};"
    if entity.fixed:
        conditions = ", ".join(f"{quoted(name)} = const({value})" for name, value in entity.fixed)
        yield f"SourceTableView = where({conditions});"
    yield "ODataKeyFields = SystemId;"
    yield "DelayedInsert = true;"
    yield "Extensible = false;"
    if not entity.can_modify:
        yield "Editable = false;"
        yield "ModifyAllowed = false;"
    if not entity.can_insert:
        yield "InsertAllowed = false;"
        yield "DeleteAllowed = false;"


# Fields


def _controls(entity: Entity) -> Iterator[str]:
    for field in entity.fields:
        yield f"field({quoted(field.name)}; {field.source})"
        yield "{"
        yield from _in(
            [f"Caption = {text(field.caption)}, Locked = true;", *_control(entity, field)]
        )
        yield "}"


def _control(entity: Entity, field: Field) -> Iterator[str]:
    if field.al_field == "SystemId" and entity.can_insert:
        yield from _on_validate(
            "if not IsNullGuid(xRec.SystemId) and (Rec.SystemId <> xRec.SystemId) then",
            f"{STEP}Error(IdStaysErr);",
        )
        return
    if not field.editable:
        yield "Editable = false;"
        return
    if field.by_hand.get("applied"):
        yield from _on_validate(f"{field.variable}Given := true;")
    for name, value in entity.fixed:
        if name == field.al_field:
            yield from _on_validate(
                f"Rec.TestField({quoted(name)}, Rec.{quoted(name)}::{quoted(value)});"
            )


def _on_validate(*statements: str) -> Iterator[str]:
    yield ""
    yield "trigger OnValidate()"
    yield from _block(list(statements))


def _block(statements: list[str]) -> list[str]:
    return ["begin", *_in(statements), "end;"]


# Triggers


def _triggers(entity: Entity) -> Iterator[str]:
    by_hand = entity.by_hand
    variables = [field for field in entity.fields if field.variable]
    applied = [field for field in variables if field.by_hand.get("applied")]
    if by_hand.get("on_open"):
        yield from _procedure("trigger OnOpenPage()", [by_hand["on_open"].strip()])
    if variables:
        yield from _procedure("trigger OnAfterGetRecord()", ["ShowWhatIsNoField();"])
    if entity.can_insert and entity.fixed:
        statements = [
            f"Rec.{quoted(name)} := Rec.{quoted(name)}::{quoted(value)};"
            for name, value in entity.fixed
        ]
        yield from _procedure("trigger OnNewRecord(BelowxRec: Boolean)", statements)
    after = ["ApplyWhatNeedsTheRecord();"] if applied else []
    after += ["ShowWhatIsNoField();"] if variables else []
    if entity.can_insert:
        yield from _inserting(entity, after)
    if variables and entity.can_modify:
        statements = ["Rec.Modify(true);", *after, "exit(false);"]
        yield from _procedure("trigger OnModifyRecord(): Boolean", statements)
    if applied:
        yield from _procedure("local procedure ApplyWhatNeedsTheRecord()", _applied(applied))
    if variables:
        yield from _procedure("local procedure ShowWhatIsNoField()", _shown(entity, variables))


def _inserting(entity: Entity, after: list[str]) -> list[str]:
    before = entity.by_hand.get("before_insert", "").strip()
    statements = [
        *([before] if before else []),
        "// An id that came along is kept: the caller finds its record by it, whatever happens.",
        "Rec.Insert(true, not IsNullGuid(Rec.SystemId));",
        *after,
        "exit(false);",
    ]
    return _procedure("trigger OnInsertRecord(BelowxRec: Boolean): Boolean", statements)


def _applied(fields: list[Field]) -> list[str]:
    statements = []
    for field in fields:
        code = [field.by_hand["applied"].strip(), f"{field.variable}Given := false;"]
        statements += [f"if {field.variable}Given then begin", *_in(code), "end;"]
    return statements


def _shown(entity: Entity, variables: list[Field]) -> list[str]:
    statements = []
    if entity.by_hand.get("before_showing"):
        statements.append(entity.by_hand["before_showing"].strip())
    calculated = [f.by_hand["calculated"] for f in variables if "calculated" in f.by_hand]
    if calculated:
        statements.append(f"Rec.CalcFields({', '.join(quoted(name) for name in calculated)});")
    return statements + [f"{field.variable} := {field.by_hand['shown']};" for field in variables]


def _procedure(head: str, statements: list[str]) -> list[str]:
    return ["", head, *_block(statements)]


def _actions(entity: Entity, name: str, actions: dict[str, dict[str, str]]) -> Iterator[str]:
    for action in entity.actions:
        code = actions[action]
        variable = code["codeunit"].replace(" ", "")
        yield ""
        yield "[ServiceEnabled]"
        yield f"procedure {action.capitalize()}(var ActionContext: WebServiceActionContext)"
        yield "var"
        yield f"{STEP}{variable}: Codeunit {quoted(code['codeunit'])};"
        yield from _block(
            [
                f"{variable}.{code['procedure']}(Rec);",
                "ActionContext.SetObjectType(ObjectType::Page);",
                f"ActionContext.SetObjectId(Page::{quoted(name)});",
                "ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);",
                "ActionContext.SetResultCode(WebServiceActionResultCode::Updated);",
            ]
        )


def _procedures(entity: Entity) -> Iterator[str]:
    if entity.by_hand.get("procedures"):
        yield ""
        yield entity.by_hand["procedures"].strip()


def _variables(entity: Entity) -> Iterator[str]:
    lines = [f"{line};" for line in entity.by_hand.get("variables", [])]
    for field in entity.fields:
        if field.variable:
            lines.append(f"{field.by_hand['variable']};")
            if field.by_hand.get("applied"):
                lines.append(f"{field.variable}Given: Boolean;")
    if entity.can_insert:
        lines.append(f"IdStaysErr: Label {text(IDS_STAY)};")
    if lines:
        yield ""
        yield "var"
        yield from _in(lines)
