"""Couples a record of Business Central with a row of Dataverse, or a code with an option."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from connections.systems import OptionSets, Record, Selection
from integration_admin.management.commandline import (
    COULD_NOT_RUN,
    MappingCommand,
    company_of,
    ids_of,
    refusing,
)
from mappings import pairing
from mappings.models import IntegrationTableMapping
from mappings.terms import CouplingKind
from syncjobs import leases
from syncjobs.runs.phases import lease_name
from syncjobs.runs.synchronize import Systems, find_mapping


class Command(MappingCommand):
    help = "Couple two records; the next run synchronizes them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("mapping", metavar="MAPPING", help="such as CUSTOMER")
        parser.add_argument(
            "business_central", metavar="BC_ID", help="id, number or code of the record"
        )
        parser.add_argument(
            "dataverse", metavar="DATAVERSE_ID", help="id of the row; the number of an option"
        )

    def handle(
        self, *_args: Any, mapping: str, business_central: str, dataverse: str, **options: Any
    ) -> None:
        company = company_of(options["company"])
        systems = self.reach(company)
        with refusing():
            row = find_mapping(company, mapping)
            record = _record(row, business_central, systems)
            with leases.hold(lease_name(row), leases.me()):
                coupled = _couple(row, record, dataverse, systems)
        facts = {"mapping": row.name, "bc_id": str(record.id), "dataverse_id": dataverse}
        if options["as_json"]:
            self.stdout.write(json.dumps(facts, indent=2))
        else:
            self.stdout.write(f"Coupled {coupled}. The next run synchronizes the two.")


def _record(row: IntegrationTableMapping, named: str, systems: Systems) -> Record:
    """Return the record that a person named by its id, or by its number or code."""
    system, table = systems.business_central, row.table
    described = system.describe(table)
    columns = tuple(dict.fromkeys((*described.natural_key, *filter(None, [described.name_column]))))
    try:
        found = list(system.get(table, [UUID(named)], columns).values())
    except ValueError:
        key = described.natural_key
        found = system.find(Selection(table, columns), key[0], [named]) if key else []
    if len(found) != 1:
        message = f"There is no {described.caption or table} {named} in {system.side}."
        raise CommandError(message, returncode=COULD_NOT_RUN)
    return found[0]


def _couple(row: IntegrationTableMapping, record: Record, named: str, systems: Systems) -> str:
    if row.kind != CouplingKind.OPTION:
        both = pairing.Systems(systems.business_central, systems.dataverse)
        return str(pairing.couple(row, record.id, ids_of([named])[0], both))
    labels: dict[int, str] = {}
    if isinstance(systems.dataverse, OptionSets):
        labels = systems.dataverse.options(row.integration_table, row.uid_field)
    if not named.lstrip("-").isdigit() or int(named) not in labels:
        known = ", ".join(f"{value} {label}" for value, label in labels.items())
        message = f"There is no option {named} in {row.uid_field}. There are: {known}."
        raise CommandError(message, returncode=COULD_NOT_RUN)
    key = systems.business_central.describe(row.table).natural_key
    code = str(record.values.get(key[0]) or "") if key else ""
    return str(pairing.map_option(row, record, code, int(named), labels[int(named)]))
