"""CreateMultiple and UpdateMultiple: all or nothing, so what fails is cut in halves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from connections.dataverse.outcomes import Item, Outcomes
from connections.dataverse.parts import Parts
from connections.errors import (
    IntegrationError,
    RecordError,
    RecordExistsError,
)
from connections.odata import Answer, LostAnswerError, Request

MOST_CREATES = 1000
MOST_UPDATES = 250  # an update costs Dataverse three times what a creation costs
FEW = 32  # so many are sent one by one in a batch instead of being halved on
TRIES = 3
JSON = {"Content-Type": "application/json"}


@dataclass(slots=True, eq=False)
class Group:
    """Records that share a message; halves of a refused group share its number."""

    items: Sequence[Item]
    parent: int = 0


class Bulk:
    """Bulk messages of one table."""

    def __init__(self, outcomes: Outcomes, parts: Parts) -> None:
        self.outcomes = outcomes
        self.parts = parts
        self.client = outcomes.reader.client
        self.singles: list[Item] = []
        self.number = 0

    def create(self, items: Sequence[Item]) -> None:
        """Create the records, each under the id it brings."""
        self._carry_out("CreateMultiple", items, MOST_CREATES)

    def update(self, items: Sequence[Item]) -> None:
        """Overwrite the records, whoever changed them since."""
        self._carry_out("UpdateMultiple", items, MOST_UPDATES)

    def _carry_out(self, message: str, items: Sequence[Item], most: int) -> None:
        waiting = [Group(items[at : at + most]) for at in range(0, len(items), most)]
        while waiting:
            requests = [self._message(message, group.items) for group in waiting]
            answers = self.client.send_all(requests)
            refused: list[Group] = []
            following: list[Group] = []
            for group, answer in zip(waiting, answers, strict=True):
                match answer:
                    case Answer():
                        self.outcomes.arrived += group.items
                    case LostAnswerError():
                        following += self._after_loss(group, answer)
                    case RecordExistsError() if message == "CreateMultiple":
                        following += self._after_meeting(group)
                    case RecordError():
                        refused.append(group)
                    case IntegrationError():
                        raise answer
            waiting = following + self._halved(refused)
        self.parts.send(self.singles)
        self.singles = []

    def _halved(self, refused: Sequence[Group]) -> list[Group]:
        """Cut refused groups in halves; where that is no longer worth it, leave them to batches."""
        siblings = Counter(group.parent for group in refused if group.parent)
        halves: list[Group] = []
        for group in refused:
            # Both halves bad means several bad ones: an outcome for each costs less.
            if len(group.items) <= FEW or siblings[group.parent] == 2:
                self.singles += group.items
                continue
            self.number += 1
            half = len(group.items) // 2
            pieces = (group.items[:half], group.items[half:])
            halves += [Group(piece, self.number) for piece in pieces]
        return halves

    def _message(self, message: str, items: Sequence[Item]) -> Request:
        described = self.outcomes.described
        kind = f'{{"@odata.type":"Microsoft.Dynamics.CRM.{described.name}","{described.key}":"'
        targets = ",".join(
            f'{kind}{item.id}",{item.members}}}' if item.members else f'{kind}{item.id}"}}'
            for item in items
        )
        return Request(
            "POST",
            f"{described.entity_set}/Microsoft.Dynamics.CRM.{message}",
            f'{{"Targets":[{targets}]}}'.encode("ascii"),
            JSON,
            repeatable=message == "UpdateMultiple",  # the same values again do no harm
        )

    def _after_loss(self, group: Group, loss: LostAnswerError) -> list[Group]:
        """See what arrived; send again what did not, in smaller messages."""
        present = self.outcomes.look_up(group.items)
        if present is None:
            return []
        missing: list[Item] = []
        for item in group.items:
            if item.id in present:
                self.outcomes.arrived.append(item)
                continue
            item.uncertain, item.tries = True, item.tries + 1
            if item.tries < TRIES:
                missing.append(item)
            else:
                self.outcomes.unknown([item], loss)
        half = -(-len(missing) // 2) if len(missing) > FEW else len(missing)
        return [Group(missing[at : at + half]) for at in range(0, len(missing), half or 1)]

    def _after_meeting(self, group: Group) -> list[Group]:
        """Some ids are there already: tell which, and send the others."""
        present = self.outcomes.look_up(group.items)
        if present is None:
            return []
        missing: list[Item] = []
        for item in group.items:
            if item.id not in present:
                missing.append(item)
            elif item.uncertain:
                self.outcomes.arrived.append(item)  # our own message arrived after all
            else:
                self.parts.exists(item)
        if len(missing) == len(group.items):
            self.singles += missing
            return []
        return [Group(missing)] if missing else []
