"""Answers as AD FS does, below `/adfs`: discovery, key set, and tokens for a user's password."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl

from sandbox import identities
from sandbox.entra.tokens import ADFS, Principal, Tokens
from sandbox.http import Call, Reply
from sandbox.identities import Secrets

ROOT = f"/{ADFS}/"
WINDOWS_DOMAIN = "CRONUS"


class AdfsError(Exception):
    """A token request that is refused, with an MSIS number."""

    def __init__(self, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.error, self.number, self.text = error, number, text


class Adfs:
    """A federation server of the company's own, with one application and one person."""

    def __init__(self, tokens: Tokens, secrets: Secrets, resources: frozenset[str]) -> None:
        self.tokens = tokens
        self.secrets = secrets
        self.resources = resources

    def handle(self, call: Call) -> Reply:
        """Answer a request; refusals carry the error body of OAuth 2.0."""
        match call.method, call.path.removeprefix(ROOT):
            case "GET", ".well-known/openid-configuration":
                return Reply(200, self._discovery())
            case "GET", "discovery/keys":
                return Reply(200, self.tokens.keys())
            case "POST", "oauth2/token" | "oauth2/token/":
                form = dict(parse_qsl(call.body.decode(errors="replace")))
                try:
                    return Reply(200, self._token(form))
                except AdfsError as error:
                    told = f"MSIS{error.number}: {error.text}"
                    return Reply(400, {"error": error.error, "error_description": told})
            case _:
                return Reply(404, {"error": "not_found"})

    def _discovery(self) -> dict[str, object]:
        base = f"{self.tokens.authority}/{ADFS}"
        return {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth2/authorize/",
            "token_endpoint": f"{base}/oauth2/token/",
            "jwks_uri": f"{base}/discovery/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "user_impersonation"],
        }

    def _token(self, form: dict[str, str]) -> dict[str, object]:
        if form.get("grant_type") != "password":
            text = f"The grant type '{form.get('grant_type', '')}' is not supported here."
            raise AdfsError("unsupported_grant_type", 9611, text)
        client = form.get("client_id", "").lower()
        if client != identities.PUBLIC_CLIENT_ID:
            text = "The received 'client_id' is invalid as no registered client was found."
            raise AdfsError("invalid_client", 9223, text)
        self._check_person(form)
        principal = Principal(client, identities.USERNAME)
        return {
            "token_type": "bearer",
            "expires_in": self.tokens.lifetime,
            "resource": form.get("resource", ""),
            "scope": "openid",
            "access_token": self.tokens.issue(principal, self._resource(form), issuer=ADFS),
            "id_token": self.tokens.issue(principal, client, issuer=ADFS),
        }

    def _check_person(self, form: dict[str, str]) -> None:
        local = identities.USERNAME.partition("@")[0]
        names = {identities.USERNAME, f"{WINDOWS_DOMAIN}\\{local}".lower()}
        right = hmac.compare_digest(form.get("password", "").encode(), self.secrets.person.encode())
        if form.get("username", "").lower() not in names or not right:
            raise AdfsError("invalid_grant", 9659, "Invalid 'username' or 'password'.")

    def _resource(self, form: dict[str, str]) -> str:
        resource = form.get("resource", "").rstrip("/")
        if resource not in self.resources:
            text = "The authorization server can not find a registered resource of this name."
            raise AdfsError("invalid_resource", 9602, text)
        return resource
