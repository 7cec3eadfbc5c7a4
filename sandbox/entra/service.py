"""Answers discovery, key set, user realm and token requests."""

from __future__ import annotations

import hmac
import json
import re
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import identities
from sandbox.entra import federation
from sandbox.entra.federation import Adfs
from sandbox.entra.tokens import Principal, Tokens
from sandbox.http import Call, Reply
from sandbox.identities import Secrets

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OTHER_SCOPES = frozenset({"openid", "profile", "offline_access"})


class EntraError(Exception):
    """A token request that is refused, with an AADSTS number."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


@dataclass(slots=True)
class Entra:
    """One tenant with its applications and one person."""

    tokens: Tokens
    secrets: Secrets
    certificate: Path
    resources: frozenset[str]
    refresh_tokens: dict[str, Principal] = field(default_factory=dict)
    adfs: Adfs = field(init=False)

    def __post_init__(self) -> None:
        self.adfs = Adfs(self.tokens, self.secrets, self.resources)

    def handle(self, call: Call) -> Reply:
        """Answer a request; refusals carry Entra's error body."""
        try:
            return self._route(call)
        except EntraError as error:
            return self._refused(error)

    def _route(self, call: Call) -> Reply:
        if call.path.startswith(federation.ROOT):
            return self.adfs.handle(call)
        if re.fullmatch(r"/common/userrealm/[^/]+", call.path, re.IGNORECASE):
            return Reply(200, _realm(call))
        tenant, _, rest = call.path.lstrip("/").partition("/")
        if tenant.lower() not in (identities.TENANT, "common", "organizations"):
            text = f"Tenant '{tenant}' not found. Check that you have the correct tenant id."
            raise EntraError(400, "invalid_tenant", 90002, text)
        match call.method, rest:
            case "GET", "v2.0/.well-known/openid-configuration":
                return Reply(200, self._discovery())
            case "GET", "discovery/v2.0/keys":
                return Reply(200, self.tokens.keys())
            case "POST", "oauth2/v2.0/token":
                form = dict(parse_qsl(call.body.decode(errors="replace")))
                return Reply(200, self._token(form))
            case _:
                return Reply(404, {"error": "not_found"})

    def _discovery(self) -> dict[str, object]:
        base = f"{self.tokens.authority}/{identities.TENANT}"
        return {
            "issuer": self.tokens.issuer,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "tenant_region_scope": None,
        }

    def _token(self, form: dict[str, str]) -> dict[str, object]:
        match form.get("grant_type"):
            case "client_credentials":
                principal = Principal(self._application(form))
            case "password":
                principal = self._person(form)
            case "refresh_token":
                kept = self.refresh_tokens.get(form.get("refresh_token", ""))
                if kept is None:
                    raise EntraError(400, "invalid_grant", 70000, "The refresh token is unknown.")
                principal = kept
            case None:
                text = "The request body must contain the following parameter: 'grant_type'."
                raise EntraError(400, "invalid_request", 900144, text)
            case other:
                text = f"The grant type '{other}' is not supported."
                raise EntraError(400, "unsupported_grant_type", 70003, text)
        resource = self._resource(form)
        answer: dict[str, object] = {
            "token_type": "Bearer",
            "expires_in": self.tokens.lifetime,
            "ext_expires_in": self.tokens.lifetime,
            "access_token": self.tokens.issue(principal, resource),
        }
        if principal.username:
            answer |= self._personal(principal, form.get("scope", ""))
        return answer

    def _personal(self, principal: Principal, scope: str) -> dict[str, object]:
        refresh = uuid4().hex
        self.refresh_tokens[refresh] = principal
        client_info = json.dumps({"uid": principal.username, "utid": identities.TENANT}).encode()
        return {
            "scope": scope,
            "refresh_token": refresh,
            "id_token": self.tokens.issue(principal, principal.client_id),
            "client_info": urlsafe_b64encode(client_info).rstrip(b"=").decode(),
        }

    def _application(self, form: dict[str, str]) -> str:
        client = form.get("client_id", "").lower()
        known = {
            identities.CLIENT_ID: self.secrets.client,
            identities.INTEGRATION_CLIENT_ID: self.secrets.integration_client,
        }
        if client not in known:
            text = f"Application with identifier '{client}' was not found in the directory."
            raise EntraError(400, "unauthorized_client", 700016, text)
        if form.get("client_assertion_type") == ASSERTION:
            self._check_assertion(client, form.get("client_assertion", ""))
            return client
        secret = form.get("client_secret", "")
        if not secret:
            text = "'client_assertion' or 'client_secret' is required for this grant."
            raise EntraError(401, "invalid_client", 7000216, text)
        if not hmac.compare_digest(secret.encode(), known[client].encode()):
            raise EntraError(401, "invalid_client", 7000215, "Invalid client secret provided.")
        return client

    def _check_assertion(self, client: str, assertion: str) -> None:
        certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        base = f"{self.tokens.authority}/{identities.TENANT}"
        try:
            jwt.decode(
                assertion,
                key,
                algorithms=["RS256", "PS256"],
                audience=[f"{base}/oauth2/v2.0/token", f"{base}/v2.0"],
                issuer=client,
                subject=client,
            )
        except jwt.InvalidTokenError as error:
            text = f"Client assertion failed signature validation: {error}."
            raise EntraError(401, "invalid_client", 700027, text) from error

    def _person(self, form: dict[str, str]) -> Principal:
        client = form.get("client_id", "").lower()
        if client != identities.PUBLIC_CLIENT_ID:
            client = self._application(form)  # a confidential client proves itself too
        name = form.get("username", "").lower()
        right = hmac.compare_digest(form.get("password", "").encode(), self.secrets.person.encode())
        if name != identities.USERNAME or not right:
            text = "Error validating credentials due to invalid username or password."
            raise EntraError(400, "invalid_grant", 50126, text)
        return Principal(client, identities.USERNAME)

    def _resource(self, form: dict[str, str]) -> str:
        scopes = [s for s in form.get("scope", "").split() if s not in OTHER_SCOPES]
        if len(scopes) != 1:
            raise EntraError(400, "invalid_scope", 1002012, "Exactly one scope must be given.")
        resource, slash, name = scopes[0].rpartition("/")
        if not slash or (name != ".default" and form.get("grant_type") == "client_credentials"):
            text = f"The scope '{scopes[0]}' is not valid; it must end in '/.default'."
            raise EntraError(400, "invalid_scope", 1002012, text)
        resource = resource.rstrip("/")
        if resource not in self.resources:
            text = f"The resource principal named {resource} was not found in the tenant."
            raise EntraError(400, "invalid_resource", 500011, text)
        return resource

    def _refused(self, error: EntraError) -> Reply:
        stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid4()), str(uuid4())
        text = (
            f"AADSTS{error.number}: {error.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {stamp}"
        )
        body = {
            "error": error.error,
            "error_description": text,
            "error_codes": [error.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self.tokens.authority}/error?code={error.number}",
        }
        return Reply(error.status, body)


def _realm(call: Call) -> dict[str, str]:
    user = call.path.rpartition("/")[2]
    return {
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": user.partition("@")[2],
        "cloud_instance_name": call.origin.partition("://")[2],
        "cloud_audience_urn": "urn:federation:Sandbox",
    }
