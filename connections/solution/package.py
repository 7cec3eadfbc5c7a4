"""Packages as files: ours is built from its sources, any is checked before it is imported."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree as Xml

from connections.solution import manifest
from connections.solution.manifest import BASE_NAME, UNIQUE_NAME, Manifest, PackageError

SOURCES = Path(__file__).parent / "sources"
BASE_SOURCES = Path(__file__).parent / "base"
SECTIONS = (("Entities", "Entities"), ("EntityRelationships", "Relationships"), ("Roles", "Roles"))
NAMES = {name.casefold(): name for name in (BASE_NAME, UNIQUE_NAME)}
SOLUTION, CUSTOMIZATIONS, TYPES = "solution.xml", "customizations.xml", "[Content_Types].xml"
CONTENT_TYPES = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/octet-stream" /></Types>\n'
)
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can hold
MEGABYTE = 1024 * 1024
LARGEST, LARGEST_UNPACKED, MOST_FILES = 32 * MEGABYTE, 256 * MEGABYTE, 2000
UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, RuntimeError)
LARGEST_XML = 64 * MEGABYTE  # of the two files that are read here


@dataclass(frozen=True, slots=True)
class Package:
    """A package that may be imported."""

    content: bytes
    manifest: Manifest
    requires: Package | None = None  # the package that is imported first

    @property
    def chain(self) -> tuple[Package, ...]:
        """Return the packages in the order in which they are imported, this one last."""
        return (*(self.requires.chain if self.requires else ()), self)

    def after(self, base: Package) -> Package:
        """Return the package with the one that it requires."""
        manifest = replace(self.manifest, requires=base.manifest)
        return Package(self.content, manifest, requires=base)


@cache
def shipped() -> Package:
    """Return the package of this release, after the base one."""
    return check(build()).after(shipped_base())


@cache
def shipped_base() -> Package:
    """Return the package of the base solution of this release."""
    return check(build(BASE_SOURCES))


def build(sources: Path = SOURCES) -> bytes:
    """Return the zip of the sources; the same sources give the same bytes."""
    files = {
        TYPES: CONTENT_TYPES.encode(),
        CUSTOMIZATIONS: _customizations(sources),
        SOLUTION: (sources / "Other" / "Solution.xml").read_bytes(),
    }
    return zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    """Return files as a zip whose bytes depend on nothing else."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=9)
    return target.getvalue()


def _customizations(sources: Path) -> bytes:
    """Return the frame filled with one file for each table, relationship and role."""
    root = manifest.parse("Customizations.xml", (sources / "Other/Customizations.xml").read_bytes())
    for section, folder in SECTIONS:
        place = root.find(section)
        for path in sorted((sources / folder).glob("*.xml")):
            place.append(manifest.parse(path.name, path.read_bytes()))
    Xml.indent(root)
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def check(content: bytes) -> Package:
    """Return a package that is what it should be; raise PackageError with what is wrong."""
    if len(content) > LARGEST:
        message = f"The package is larger than {LARGEST // MEGABYTE} MB."
        raise PackageError(message)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_entries(archive.infolist())
            found = manifest.read(_read(archive, SOLUTION), _read(archive, CUSTOMIZATIONS))
    except UNREADABLE as error:
        message = f"The file is no zip that can be read: {error}."
        raise PackageError(message) from error
    _check_content(found)
    return Package(content, found)


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_FILES:
        message = f"The package holds more than {MOST_FILES} files."
        raise PackageError(message)
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        message = f"The package unpacks to more than {LARGEST_UNPACKED // MEGABYTE} MB."
        raise PackageError(message)
    names: set[str] = set()
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
            message = f"The package holds {entry.filename}, which leads out of it."
            raise PackageError(message)
        if entry.flag_bits & 0x1:
            message = f"{entry.filename} is encrypted; packages are imported as they are."
            raise PackageError(message)
        if str(path).lower() in names:
            message = f"The package holds {entry.filename} twice."
            raise PackageError(message)
        names.add(str(path).lower())


def _read(archive: zipfile.ZipFile, wanted: str) -> bytes:
    """Return one of the two files; what an entry says of its size is not believed."""
    name = next((n for n in archive.namelist() if n.lower() == wanted), None)
    if name is None:
        message = f"The package lacks {wanted}: this is not a solution package."
        raise PackageError(message)
    with archive.open(name) as file:
        content = file.read(LARGEST_XML + 1)
    if len(content) > LARGEST_XML:
        message = f"{wanted} is larger than {LARGEST_XML // MEGABYTE} MB."
        raise PackageError(message)
    return content


def _check_content(found: Manifest) -> None:
    if found.unique_name.casefold() not in NAMES:
        message = (
            f"This is the solution {found.unique_name}. The solutions of the integration are "
            f"called {UNIQUE_NAME} and {BASE_NAME}."
        )
        raise PackageError(message)
    for attribute in ("id", "name"):
        seen: set[Any] = set()
        for role in found.roles:
            value = getattr(role, attribute)
            if value in seen:
                message = f"The package holds the security role {role.name} twice."
                raise PackageError(message)
            seen.add(value)
    if not found.roles:
        message = f"The package of {found.unique_name} holds no security role."
        raise PackageError(message)
