"""Encryption Management: the keys by their fingerprints, and rotation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from connections import encryption
from integration_admin.api.access import ApiToken, user_of
from integration_admin.roles import Right

router = Router(tags=["Encryption"])
MANAGE = ApiToken(Right.MANAGE_SECRETS)


class KeyShape(Schema):
    id: str  # a fingerprint
    secrets: int
    is_newest: bool


class EncryptionShape(Schema):
    is_on: bool
    keys: list[KeyShape]
    unreadable: list[str]  # secrets that none of the keys opens


class RotationShape(Schema):
    key_id: str
    rewritten: int
    unreadable: list[str]


@router.get("/encryption", auth=MANAGE, response=EncryptionShape)
def get_encryption(request: HttpRequest) -> Any:  # noqa: ARG001
    """Show under which keys the stored secrets are."""
    return encryption.survey()


@router.post("/encryption/rotate", auth=MANAGE, response=RotationShape)
def rotate_secrets(request: HttpRequest) -> Any:
    """Put every stored secret under the newest key."""
    return encryption.rotate(by=user_of(request))
