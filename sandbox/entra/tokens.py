"""Signs and reads the access tokens of the tenant."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import identities

KEY_ID = "sandbox-1"
ADFS = "adfs"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a token speaks for: an application, or a person who uses one."""

    client_id: str
    username: str = ""


class TokenError(Exception):
    """A token that is not accepted; the text says why."""


class Tokens:
    """Issues tokens, and keeps those it has already proved."""

    def __init__(self, signing_key: Path, authority: str) -> None:
        key = serialization.load_pem_private_key(signing_key.read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key
        self.authority = authority
        self.lifetime = 3599
        self._proved: dict[str, dict[str, Any]] = {}

    @property
    def issuer(self) -> str:
        return f"{self.authority}/{identities.TENANT}/v2.0"

    @property
    def adfs_issuer(self) -> str:
        return f"{self.authority}/{ADFS}"

    def issue(self, principal: Principal, audience: str, *, issuer: str = "") -> str:
        """Return a token of Entra ID, or one of AD FS if that is the issuer."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": self.adfs_issuer if issuer == ADFS else self.issuer,
            "tid": identities.TENANT,
            "appid": principal.client_id,
            "azp": principal.client_id,
            "oid": principal.username or principal.client_id,
            "sub": principal.username or principal.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime,
            "ver": "2.0",
            "uti": uuid4().hex,
        }
        if principal.username:
            claims |= {"upn": principal.username, "preferred_username": principal.username}
        else:
            claims["roles"] = ["API.ReadWrite.All"]
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def read(self, authorization: str, audience: str) -> Principal:
        """Return whom a header speaks for; raises TokenError."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            message = "A bearer token is missing."
            raise TokenError(message)
        claims = self._proved.get(token) or self._prove(token)
        if claims["exp"] <= time.time():
            self._proved.pop(token, None)
            message = "The token has expired."
            raise TokenError(message)
        if str(claims["aud"]).rstrip("/") != audience:
            message = f"The token is for {claims['aud']}, not for {audience}."
            raise TokenError(message)
        return Principal(claims["appid"], claims.get("upn", ""))

    def _prove(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key.public_key(),
                algorithms=["RS256"],
                issuer=[self.issuer, self.adfs_issuer],
                options={"verify_aud": False, "require": ["exp", "aud", "tid", "appid"]},
            )
        except jwt.InvalidTokenError as error:
            message = f"The token is not valid: {error}."
            raise TokenError(message) from error
        if claims["tid"] != identities.TENANT:
            message = "The token belongs to another tenant."
            raise TokenError(message)
        if len(self._proved) > 1000:
            self._proved.clear()
        self._proved[token] = claims
        return claims

    def keys(self) -> dict[str, Any]:
        """Return the key set that proves our tokens."""
        numbers = self.key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": KEY_ID,
                    "n": _number(numbers.n),
                    "e": _number(numbers.e),
                    "issuer": self.issuer,
                }
            ]
        }


def _number(value: int) -> str:
    content = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return urlsafe_b64encode(content).rstrip(b"=").decode()
