"""Connection strings: read, written, masked and judged."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.authentication import USABLE
from connections.connection_string import (
    APP_ID,
    TOKENS,
    ConnectionStringError,
    Facts,
    Key,
    Pair,
    build,
    built,
    changed,
    mask,
    parse,
    values_of,
)
from connections.connection_string_verdicts import State, problems, verdicts
from connections.terms import AuthenticationType, SdkVersion

Kind = AuthenticationType
APP = "51f81489-12ee-4a9e-aaae-a2591f45987d"
FACTS = Facts(
    Kind.AD,
    url="https://crm.contoso.example/contoso",
    user_name="CONTOSO\\integration",
    client_id=APP,
    authority="https://sts.contoso.example",
)
SECRET_NAMES = ("Password", "ClientSecret", "Secret", "Certificate", "AccessToken", "Pwd")

names = st.text(st.characters(exclude_characters="=;", codec="utf-8"), min_size=1).filter(
    lambda name: name == name.strip()
)
values = st.text(st.characters(codec="utf-8"))
pairs_of_any_kind = st.lists(st.builds(Pair, names, values))


def of(kind: Kind) -> Facts:
    user = "integration@contoso.example" if kind == Kind.PASSWORD else FACTS.user_name
    return replace(FACTS, kind=kind, user_name=user)


def codes(text: str, facts: Facts) -> set[str]:
    return {problem.code for problem in problems(parse(text), facts)}


@given(pairs_of_any_kind)
def test_what_is_written_is_read_as_it_was(pairs: list[Pair]) -> None:
    once = parse(build(pairs))

    assert parse(build(once)) == once
    assert build(parse(build(once))) == build(once)
    assert set(once) <= set(pairs)


@given(st.text())
def test_any_text_is_read_or_refused_and_never_more(text: str) -> None:
    with suppress(ConnectionStringError):
        pairs = parse(text)

        assert parse(build(pairs)) == pairs


@given(
    st.sampled_from(SECRET_NAMES),
    st.text(st.characters(codec="utf-8"), min_size=6).filter(
        lambda text: text == text.strip() and not text.startswith("{")
    ),
    pairs_of_any_kind,
)
def test_a_masked_string_holds_no_secret(name: str, secret: str, others: list[Pair]) -> None:
    secret = f"~{secret}~"
    text = build([*others, Pair(name, secret), Pair(Key.URL, "https://org.example")])

    masked = mask(text)

    assert secret not in masked
    assert all(not pair.is_literal_secret for pair in parse(masked))
    shown = [verdict.value for verdict in verdicts(parse(text), FACTS)]
    assert secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "Url=https://org.example;Password=hush;hush;ProxyVersion=100",
        'Url=https://org.example;Password="hush',
        "Url=https://org.example;Password='hush'hush",
        "Url=https://org.example; password = hush ;broken",
        "Pwd=hush",
        "Url=https://org.example;Password=hush;more=hush",
    ],
)
def test_the_rest_of_a_secret_with_odd_signs_is_not_shown_either(text: str) -> None:
    assert "hush" not in mask(text)


def test_a_string_without_a_secret_is_shown_as_it_is() -> None:
    text = "Url=https://org.example;Password={PASSWORD};Odd=value"

    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Url = https://a.example ; ", [("Url", "https://a.example")]),
        ('Odd="a;b"', [("Odd", "a;b")]),
        ('Odd="a ""b"""', [("Odd", 'a "b"')]),
        ("Odd='it''s'", [("Odd", "it's")]),
        ("Odd=", [("Odd", "")]),
        ("Odd=a=b", [("Odd", "a=b")]),
        ("Url=one;Server=two", [("Server", "two")]),
        ("AppId=one;ClientId=two", [("ClientId", "two")]),
        ("", []),
    ],
)
def test_the_grammar_is_that_of_ado_net(text: str, pairs: list[tuple[str, str]]) -> None:
    assert [(pair.name, pair.value) for pair in parse(text)] == pairs


@pytest.mark.parametrize("text", ["Url", "=x", "a=1;b;c=2", 'a="x', 'a="x"y'])
def test_what_is_no_connection_string_says_where(text: str) -> None:
    with pytest.raises(ConnectionStringError, match="position"):
        parse(text)


# C-0632


@pytest.mark.parametrize("kind", USABLE)
def test_what_the_console_builds_has_nothing_against_it(kind: Kind) -> None:
    facts = of(kind)
    pairs = parse(built(facts))

    assert problems(pairs, facts) == []
    assert {one.state for one in verdicts(pairs, facts)} == {State.GOOD}
    for name, value in values_of(pairs).items():
        assert value == getattr(facts, name)


def test_a_string_of_ad_names_the_domain_apart() -> None:
    assert built(FACTS) == (
        "Url=https://crm.contoso.example/contoso; UserName=integration; Password={PASSWORD}; "
        "ProxyVersion=100; AuthType=AD; Domain=CONTOSO"
    )


def test_a_string_of_ifd_names_ad_fs() -> None:
    assert built(of(Kind.IFD)).endswith(
        "Domain=CONTOSO; HomeRealmUri=https://sts.contoso.example/adfs"
    )


def test_the_app_id_fills_both_tokens() -> None:  # C-0631
    given = {pair.name: pair.value for pair in parse(built(of(Kind.OAUTH)))}

    assert given[APP_ID] == APP
    assert given[Key.REDIRECT_URI] == f"app://{APP}"


def test_a_missing_user_is_told_by_its_token() -> None:  # C-0634
    assert "UserName={USER}" in built(replace(FACTS, user_name=""))


# E-9.4


def test_another_sdk_version_changes_its_part_only() -> None:
    text = "Url=https://a.example;Odd=kept;ProxyVersion=100;AuthType=AD"
    after = replace(FACTS, sdk_version=SdkVersion.V91)

    assert changed(text, FACTS, after) == build(
        parse("Url=https://a.example;Odd=kept;ProxyVersion=91;AuthType=AD")
    )


def test_another_user_takes_its_place_and_the_rest_stays() -> None:
    text = built(FACTS) + ";RequireNewInstance=true"
    after = replace(FACTS, user_name="FABRIKAM\\other")

    now = changed(text, FACTS, after)

    assert values_of(parse(now))["user_name"] == "FABRIKAM\\other"
    assert "RequireNewInstance=true" in now


def test_another_type_builds_the_string_anew() -> None:
    text = built(FACTS) + ";RequireNewInstance=true"

    assert changed(text, FACTS, of(Kind.OAUTH)) == built(of(Kind.OAUTH))


# Verdicts


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        (Kind.AD, ("Password={PASSWORD}", "Password="), "E-TOKEN"),
        (Kind.AD, ("Password={PASSWORD}", "Password=hush"), "E-LITERAL-SECRET"),
        (Kind.AD, ("Domain=CONTOSO", "Domain=CONTOSO;Pwd=hush"), "E-LITERAL-SECRET"),
        (Kind.AD, ("AuthType=AD", "AuthType=IFD"), "E-AUTHTYPE"),
        (Kind.AD, ("AuthType=AD", "AuthType=Office365"), "E-RETIRED"),
        (Kind.AD, ("AuthType=AD;", ""), "E-AUTHTYPE"),
        (Kind.AD, ("Domain=CONTOSO", "Domain="), "E-DOMAIN"),
        (Kind.AD, ("Url=https:", "Url=http:"), "E-HTTPS"),
        (Kind.AD, ("ProxyVersion=100", "ProxyVersion=7"), "E-SDK"),
        (Kind.OAUTH, (f"AppId={APP}", "AppId=none"), "E-APPID"),
        (Kind.OAUTH, (f"AppId={APP};", ""), "E-APPID"),
        (Kind.OAUTH, (f"app://{APP}", f"https://{APP}"), "E-REDIRECT"),
        (Kind.OAUTH, (f"app://{APP}", "app://another"), "E-REDIRECT"),
        (Kind.PASSWORD, ("integration@contoso.example", "integration"), "E-EMAIL"),
        (Kind.CLIENT_SECRET, ("ClientSecret={CLIENTSECRET}", "ClientSecret="), "E-TOKEN"),
    ],
)
def test_what_is_wrong_with_a_string_has_its_code(
    kind: Kind, change: tuple[str, str], code: str
) -> None:
    facts = of(kind)
    text = built(facts).replace("; ", ";")
    assert change[0] in text

    assert code in codes(text.replace(*change), facts)


def test_the_redirect_url_of_the_fields_takes_the_place_of_the_app() -> None:  # C-0504
    facts = replace(of(Kind.OAUTH), redirect_url="https://console.example/signed-in")
    text = built(facts)

    assert {pair.key: pair.value for pair in parse(text)}[Key.REDIRECT_URI] == facts.redirect_url
    assert problems(parse(text), facts) == []
    assert "E-REDIRECT" in codes(text, replace(facts, redirect_url=""))
    assert "E-REDIRECT" in codes(text, replace(facts, redirect_url="http://console.example"))


def test_what_is_not_known_or_not_used_is_said_and_stays() -> None:
    found = verdicts(parse(built(FACTS) + ";Odd=1;LoginPrompt=Auto"), FACTS)

    said = {one.name: one for one in found if one.state == State.WARN}
    assert set(said) == {"Odd", "LoginPrompt"}
    assert "no effect" in said["Odd"].sentence
    assert problems(parse(built(FACTS) + ";Odd=1"), FACTS) == []


def test_each_secret_has_its_token() -> None:
    for key, token in TOKENS.items():
        [verdict] = verdicts((Pair(key, "hush"),), FACTS)
        assert token in verdict.sentence
        assert verdict.value == token
