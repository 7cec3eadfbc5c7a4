"""What a solution package holds: its name and version, its security roles, its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as Xml
from xml.parsers import expat

from connections.causes import Cause
from connections.errors import ConfigurationError

Version = tuple[int, ...]
VERSION_PARTS = range(2, 5)  # "Versions have two to four numeric parts" (wire.md 2.13)
UNIQUE_NAME = "MicrosoftDynamicsNavIntegration"  # E-9.30
BASE_NAME = "bcbi_CdsBaseIntegration"  # E-9.11


class PackageError(ConfigurationError):
    """A package that is not imported; the message says what is wrong with it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, cause=Cause.PACKAGE)


@dataclass(frozen=True, slots=True)
class Role:
    """A security role with the names of its privileges."""

    id: UUID
    name: str
    privileges: frozenset[str]

    def gives(self, privilege: str) -> bool:
        """Whether the role holds a privilege; their names tell no case."""
        wanted = privilege.casefold()
        return any(name.casefold() == wanted for name in self.privileges)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A package as far as a redeploy cares."""

    unique_name: str
    friendly_name: str
    version: Version
    generation: Version  # of Dynamics 365 that it was made for: 8, 9, 9.1
    roles: tuple[Role, ...]
    tables: tuple[str, ...]  # of its own; that it adds columns to others is not among them
    requires: Manifest | None = None  # the solution that must be there first

    @property
    def chain(self) -> tuple[Manifest, ...]:
        """Return the solutions in the order in which they are imported, this one last."""
        return (*(self.requires.chain if self.requires else ()), self)

    @property
    def is_base(self) -> bool:
        return self.unique_name.casefold() == BASE_NAME.casefold()


def read(solution: bytes, customizations: bytes) -> Manifest:
    """Return what the two files of a package say; raise PackageError where they cannot be right."""
    about = parse("solution.xml", solution)
    manifest = about.find("SolutionManifest")
    if manifest is None:
        message = "solution.xml has no SolutionManifest: this is not a solution package."
        raise PackageError(message)
    content = parse("customizations.xml", customizations)
    label = manifest.find("LocalizedNames/LocalizedName")
    name = _text(manifest, "UniqueName")
    return Manifest(
        unique_name=name,
        friendly_name=name if label is None else label.get("description", name),
        version=version_of(_text(manifest, "Version")),
        generation=version_of(
            about.get("SolutionPackageVersion") or about.get("version") or "", parts=range(1, 5)
        ),
        roles=tuple(_role(entry) for entry in content.iterfind("Roles/Role")),
        tables=tuple(
            sorted(
                _table(entry).lower()
                for entry in content.iterfind("Entities/Entity")
                if _is_own(entry)
            )
        ),
    )


def parse(name: str, content: bytes) -> Any:
    """Return the root of an XML file; document types, and so all entities, are refused."""

    def refuse(*_: object) -> None:
        message = f"{name} declares a document type or entities, which no solution needs."
        raise PackageError(message)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - takes no names
        return Xml.fromstring(content)  # noqa: S314 - without a document type it is harmless
    except (expat.ExpatError, Xml.ParseError, LookupError, ValueError) as error:
        message = f"{name} cannot be read as XML: {error}."
        raise PackageError(message) from error


def version_of(text: str, *, parts: range = VERSION_PARTS) -> Version:
    """Return a version as numbers, which compare as they should."""
    pieces = text.strip().split(".")
    if len(pieces) not in parts or not all(_is_number(piece) for piece in pieces):
        message = f"{text.strip() or 'Nothing'} is no version: it needs two to four numbers."
        raise PackageError(message)
    return tuple(int(piece) for piece in pieces)


def shown(version: Version | None) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version)) if version else "not installed"


def is_older(version: Version, than: Version) -> bool:
    """Whether a version comes before another; 1.0 and 1.0.0.0 are the same."""
    length = max(len(version), len(than))
    return _padded(version, length) < _padded(than, length)


def _padded(version: Version, length: int) -> Version:
    return version + (0,) * (length - len(version))


def _is_number(piece: str) -> bool:
    return piece.isascii() and piece.isdigit() and len(piece) <= 9


def _text(node: Any, path: str) -> str:
    found = node.findtext(path)
    if found is None or not found.strip():
        message = f"solution.xml lacks {path}."
        raise PackageError(message)
    return str(found).strip()


def _role(entry: Any) -> Role:
    name = entry.get("name", "").strip()
    try:
        identity = UUID(entry.get("id", ""))
    except ValueError as error:
        message = f"The security role {name or 'without a name'} has no id in customizations.xml."
        raise PackageError(message) from error
    privileges = [given.get("name", "") for given in entry.iterfind("RolePrivileges/RolePrivilege")]
    if not name or not all(privileges):
        message = f"The security role {name or identity} is incomplete in customizations.xml."
        raise PackageError(message)
    return Role(identity, name, frozenset(privileges))


def _is_own(entry: Any) -> bool:
    """Whether the package brings the table; one of Dataverse that gets columns is unmodified."""
    about = entry.find("EntityInfo/entity")
    return about is None or about.get("unmodified") != "1"


def _table(entry: Any) -> str:
    name = (entry.findtext("Name") or "").strip()
    if not name:
        message = "A table in customizations.xml has no name."
        raise PackageError(message)
    return name
