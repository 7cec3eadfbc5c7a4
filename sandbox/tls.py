"""The sandbox's own certificate authority, its server certificate, and a client certificate."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

YEARS = timedelta(days=825)


@dataclass(frozen=True, slots=True)
class Papers:
    """Where the PEM files lie."""

    authority: Path
    server: Path  # key and certificate in one file
    client_certificate: Path
    client_key: Path
    signing_key: Path  # signs tokens


def papers(directory: Path) -> Papers:
    """Return the PEM files below a directory; they are made when there are none."""
    found = Papers(
        directory / "ca.pem",
        directory / "server.pem",
        directory / "client_certificate.pem",
        directory / "client_key.pem",
        directory / "signing_key.pem",
    )
    if not found.signing_key.exists():
        _issue(found)
    return found


def _issue(to: Papers) -> None:
    authority_key, server_key, client_key, signing_key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4)
    )
    name = _name("Sandbox root")
    authority = (
        _builder(name, name, authority_key, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    addresses = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = _leaf("localhost", server_key, name, authority_key, ExtendedKeyUsageOID.SERVER_AUTH)
    client = _leaf(
        "sandbox client", client_key, name, authority_key, ExtendedKeyUsageOID.CLIENT_AUTH
    )
    signed = server.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
    _write(to.authority, _pem(authority))
    _write(to.server, _key(server_key) + _pem(signed.sign(authority_key, hashes.SHA256())))
    _write(to.client_certificate, _pem(client.sign(authority_key, hashes.SHA256())))
    _write(to.client_key, _key(client_key))
    _write(to.signing_key, _key(signing_key))


def _leaf(
    common_name: str,
    key: rsa.RSAPrivateKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
    purpose: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    return (
        _builder(_name(common_name), issuer, key, issuer_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer_key: rsa.RSAPrivateKey,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + YEARS)
        .add_extension(own, critical=False)
        .add_extension(identifier, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    attributes: Sequence[x509.NameAttribute[str]] = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sandbox"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ]
    return x509.Name(attributes)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
