"""Packages of the integration solution: built the same each time, checked before they are used."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections import deployment
from connections.redeploy import BASE_ROLE
from connections.solution import manifest, package
from connections.solution.manifest import PackageError
from connections.solution.package import Package
from syncjobs import clock
from tests.connections.companies import new_company

Files = dict[str, bytes]


def files(content: bytes | None = None) -> Files:
    with zipfile.ZipFile(io.BytesIO(content or package.build())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def replaced(name: str, old: str, new: str) -> bytes:
    """Return our package with one text replaced."""
    content = files()
    assert old.encode() in content[name]
    content[name] = content[name].replace(old.encode(), new.encode())
    return package.zipped(content)


def with_file(name: str, content: bytes) -> bytes:
    return package.zipped({**files(), name: content})


def without(name: str) -> bytes:
    return package.zipped({key: value for key, value in files().items() if key != name})


def test_the_same_sources_give_the_same_bytes() -> None:
    assert package.build() == package.build()


def test_our_package_brings_three_roles_and_three_tables() -> None:
    found = package.shipped().manifest

    assert {role.name.removeprefix("Dynamics 365 Business Central ") for role in found.roles} == {
        "Integration Administrator",
        "Integration User",
        "Product Availability User",
    }
    assert found.tables == ("nav_accountstatistics", "nav_connection", "nav_defaultconnection")
    assert found.unique_name == "MicrosoftDynamicsNavIntegration"
    assert found.generation == (9, 1)


def test_the_base_package_brings_companies_and_the_role_of_the_integration() -> None:
    base = package.shipped().manifest.requires

    assert base is not None
    assert base.is_base
    assert base.tables == ("bcbi_company",)
    assert [role.id for role in base.roles] == [BASE_ROLE]


@pytest.mark.parametrize("one", package.shipped().chain, ids=lambda one: one.manifest.unique_name)
def test_every_root_component_of_the_manifest_is_in_the_package(one: Package) -> None:
    found = one.manifest
    root = manifest.parse("solution.xml", files(one.content)["solution.xml"])

    named = {
        component.get("schemaName") or component.get("id").strip("{}")
        for component in root.iter("RootComponent")
        if component.get("behavior") == "0"  # the others are tables of Dataverse's own
    }

    assert named == {*found.tables, *(str(role.id) for role in found.roles)}


BILLION = (
    b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><ImportExportXml>&y;</ImportExportXml>'
)
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"no zip at all", "no zip"),
    "half a file": (lambda: package.build()[:2000], "no zip"),
    "damaged": (lambda: package.build()[:200] + b"\0" * 400 + package.build()[600:], "no zip"),
    "no manifest": (lambda: without("solution.xml"), "lacks solution.xml"),
    "no content": (lambda: without("customizations.xml"), "lacks customizations.xml"),
    "entities": (lambda: with_file("customizations.xml", BILLION), "document type"),
    "entities in UTF-16": (
        lambda: with_file("solution.xml", BILLION.decode().encode("utf-16")),
        "document type",
    ),
    "no XML": (lambda: with_file("solution.xml", b"<ImportExportXml>"), "cannot be read as XML"),
    "another solution": (
        lambda: replaced("solution.xml", "MicrosoftDynamicsNavIntegration", "Kiosk"),
        "solution Kiosk",
    ),
    "a path out": (lambda: with_file("../evil.xml", b""), "leads out"),
    "an absolute path": (lambda: with_file("/etc/evil.xml", b""), "leads out"),
    "a drive": (lambda: with_file("C:\\evil.xml", b""), "leads out"),
    "the same file twice": (lambda: with_file("SOLUTION.XML", b""), "twice"),
    "no version": (lambda: replaced("solution.xml", ">1.0.1.0<", ">one<"), "no version"),
    "too long a version": (lambda: replaced("solution.xml", ">1.0.1.0<", ">1.0.1.0.0<"), "version"),
    "a version of a digit only Unicode knows": (
        lambda: replaced("solution.xml", ">1.0.1.0<", ">1.²<"),
        "version",
    ),
    "a role without an id": (
        lambda: replaced("customizations.xml", "{8c8d4f51-", "{"),
        "has no id",
    ),
    "no role": (lambda: with_file("customizations.xml", b"<ImportExportXml/>"), "no security role"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_a_package_that_cannot_be_right_is_refused(case: str) -> None:
    content, said = REFUSED[case]

    with pytest.raises(PackageError, match=said):
        package.check(content())


def test_a_package_that_unpacks_to_too_much_is_refused() -> None:
    bomb = with_file("big.bin", b"\0" * (package.LARGEST_UNPACKED + 1))

    with pytest.raises(PackageError, match="unpacks to more"):
        package.check(bomb)


@pytest.mark.parametrize(("named", "read"), [("8.2", (8, 2)), ("9.0", (9, 0)), ("9.1", (9, 1))])
def test_the_generation_of_a_package_is_read(named: str, read: manifest.Version) -> None:
    theirs = replaced(
        "solution.xml", 'SolutionPackageVersion="9.1"', f'SolutionPackageVersion="{named}"'
    )

    assert package.check(theirs).manifest.generation == read


def test_a_role_that_is_there_twice_is_refused() -> None:
    content = files()
    roles = content["customizations.xml"]
    begin, end = roles.index(b"<Role "), roles.index(b"</Role>") + len(b"</Role>")
    content["customizations.xml"] = roles[:end] + roles[begin:end] + roles[end:]

    with pytest.raises(PackageError, match="twice"):
        package.check(package.zipped(content))


@pytest.mark.parametrize(
    ("one", "other", "older"),
    [
        ((1, 0), (1, 0, 0, 0), False),
        ((1, 9), (1, 10), True),
        ((9, 1, 0, 5), (1, 0), False),
        ((1, 0, 0, 0), (1, 0, 0, 1), True),
    ],
)
def test_versions_are_compared_by_number(
    one: manifest.Version, other: manifest.Version, older: bool
) -> None:
    assert manifest.is_older(one, other) is older


def test_sources_are_where_the_package_is_built_from() -> None:
    folders = {"Entities", "Other", "Relationships", "Roles"}

    for sources in (package.SOURCES, package.BASE_SOURCES):
        assert {path.name for path in sources.iterdir()} == folders


# In use


@pytest.mark.django_db
def test_a_package_that_replaces_another_is_used_at_once() -> None:
    company = new_company()
    for version in ("1.0.0.1", "1.0.0.2"):
        content = replaced("solution.xml", ">1.0.1.0<", f">{version}<")

        deployment.upload(company, content, now=clock.now())

        assert manifest.shown(deployment.package_of(company).manifest.version) == version
        assert deployment.version_of_package(company) == version
    deployment.upload(company, package.shipped_base().content, now=clock.now())
    assert deployment.uploaded_to(company) == {manifest.BASE_NAME, manifest.UNIQUE_NAME}
    assert deployment.version_of_package(company) == "1.0.0.2"
    deployment.use_shipped(company)
    assert deployment.package_of(company) is package.shipped()
    assert deployment.version_of_package(company) == "1.0.1.0"


@pytest.mark.django_db
def test_an_uploaded_package_is_unpacked_once() -> None:
    company = new_company()
    deployment.upload(company, package.build(), now=clock.now())

    assert deployment.package_of(company) is deployment.package_of(company)


@pytest.mark.django_db
def test_the_version_is_told_without_reading_the_package() -> None:
    company = new_company()
    deployment.upload(company, package.build(), now=clock.now())

    with CaptureQueriesContext(connection) as asked:
        deployment.version_of_package(company)

    assert len(asked) == 1
    assert '"content"' not in asked[0]["sql"]
