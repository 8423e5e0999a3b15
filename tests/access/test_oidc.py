"""Bearer tokens of a provider: only what it signed for this hub, with its own keys, in the hub's roles."""

import asyncio
import base64
import hmac
import ipaddress
import json
from datetime import timedelta

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from app.access import oidc
from app.access.callers import Role
from app.access.errors import KeyInvalid, NotAllowed, ProviderUnavailable
from app.access.oidc import Provider, ProviderSettings, outbound_policy, read_keys
from app.kit.clock import utc_now
from app.main import create_app
from tests.access.callers import bearer
from tests.access.issuer import AUDIENCE, running_issuer
from tests.records import rows

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
FOREIGN = RSAKey.generate_key(2048, {"kid": "rsa-1"})
NODES = "/api/v1/nodes"
RUNS = "/api/v1/nodes/surabaya/runs"


@pytest.fixture(scope="module")
def running():
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(running):
    running.published, running.extra, running.named = [running.rsa, running.ec], [], running.url
    running.asked, running.is_down = 0, False
    return running


@pytest.fixture
def provider(issuer):
    return a_provider(issuer)


def a_provider(issuer, **fields):
    return Provider(ProviderSettings(issuer.url, AUDIENCE, **fields), outbound_policy(LOOPBACK))


async def identify(provider, token):
    return await provider.identify(token, now=utc_now())


def seconds(offset):
    return int(utc_now().timestamp()) + offset


def unsigned(header, claims, signature=""):
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join([*parts, signature])


@pytest.mark.parametrize("kind", ["rsa", "ec"])
async def test_a_token_signed_by_a_published_key_names_its_caller(provider, issuer, kind):
    caller = await identify(provider, issuer.token("province", key=getattr(issuer, kind)))

    assert (caller.id, caller.key_id) == (f"oidc:{issuer.url}|siti-contoh", None)
    assert (caller.role, caller.name, caller.nodes) == (Role.PROVINCE, "siti-contoh", frozenset())


@pytest.mark.parametrize(
    ("values", "role", "nodes"),
    [
        (["reader"], Role.READER, set()),
        (["node:surabaya", "node:gresikkab", "lain"], Role.NODE, {"surabaya", "gresikkab"}),
        (["reader", "node:surabaya"], Role.NODE, {"surabaya"}),
        (["node:surabaya", "province"], Role.PROVINCE, set()),
        ("openid reader profile", Role.READER, set()),
    ],
)
async def test_roles_are_read_from_the_claim(provider, issuer, values, role, nodes):
    caller = await identify(provider, issuer.token(rakor_roles=values))

    assert (caller.role, caller.nodes) == (role, frozenset(nodes))


@pytest.mark.parametrize("claim", ["realm_access.roles", "https://rakor.contoh/peran"])
async def test_the_claim_may_be_nested_or_have_an_address_for_a_name(issuer, claim):
    value = {"realm_access": {"roles": ["reader"]}} if claim.startswith("realm") else {claim: ["reader"]}

    caller = await identify(a_provider(issuer, claim=claim), issuer.token(rakor_roles=["province"], **value))

    assert caller.role == Role.READER


@pytest.mark.parametrize(
    "values", [[], ["Province"], ["node:"], ["node:A B"], ["node:../x"], None, 7, {"province": 1}, [["province"]]]
)
async def test_a_token_without_a_role_of_the_hub_may_nothing(provider, issuer, values):
    with pytest.raises(NotAllowed):
        await identify(provider, issuer.token(rakor_roles=values))


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": None}, {"exp": "besok"}, {"exp": True}, {"exp": -31}, {"exp": 1e300}, {"nbf": 60}, {"nbf": "kemarin"},
        {"aud": None}, {"aud": "lain"}, {"aud": ["lain"]}, {"aud": {"rakor-contoh": 1}}, {"aud": f"{AUDIENCE} "},
        {"iss": None}, {"iss": "https://lain.contoh"}, {"iss": ["x"]}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 256}, {"sub": "a\nb"},
    ],
)  # fmt: skip
async def test_a_token_of_another_time_place_or_person_is_refused(provider, issuer, wrong):
    moment = {name: seconds(value) for name, value in wrong.items() if name in {"exp", "nbf"} and type(value) is int}

    with pytest.raises(KeyInvalid):
        await identify(provider, issuer.token("province", **{**wrong, **moment}))


async def test_clocks_may_differ_a_little(provider, issuer):
    assert await identify(provider, issuer.token("reader", exp=seconds(-20), nbf=seconds(20)))
    assert await identify(provider, issuer.token("reader", aud=["lain", AUDIENCE]))


async def test_what_nobody_signed_is_refused(provider, issuer):
    claims = issuer.claims("province")
    good = issuer.token("province")
    head, _body, signature = good.split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    for token in (
        unsigned({"alg": "none"}, claims),
        unsigned({"alg": "None", "kid": "rsa-1"}, claims),
        unsigned({"alg": "none", "kid": "rsa-1"}, claims, signature),
        f"{head}.{forged.swapcase()}.{signature}",
        f"{head}.{forged[:-2]}AA.{signature}",
        f"{head}..{signature}",
        good[:-8] + "AAAAAAAA",
        good + ".x",
        good + "\n",
        f" {good}",
        "a.b.c", "...", "", "rakor", "é.é.é", "x" * 20_000,
        unsigned({"alg": "RS256", "kid": ["rsa-1"]}, claims, signature),
        unsigned({"alg": ["RS256"], "kid": "rsa-1"}, claims, signature),
        unsigned(["RS256"], claims, signature),
        unsigned({"alg": "RS256", "kid": "rsa-1"}, ["province"], signature),
    ):  # fmt: skip
        with pytest.raises(KeyInvalid):
            await identify(provider, token)


async def test_a_public_key_taken_for_a_shared_secret_signs_nothing(provider, issuer):
    public = issuer.rsa.as_pem(private=False)
    for secret in (public, public.strip(), json.dumps(issuer.rsa.as_dict(private=False)).encode(), b""):
        for algorithm, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
            signed = unsigned({"alg": algorithm, "kid": "rsa-1"}, issuer.claims("province"))[:-1]
            seal = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), digest)).rstrip(b"=").decode()
            with pytest.raises(KeyInvalid):
                await identify(provider, f"{signed}.{seal}")


async def test_a_key_that_comes_with_the_token_is_not_believed(provider, issuer):
    for more in (
        {"jwk": FOREIGN.as_dict(private=False)},
        {"jku": "https://lain.contoh/certs"},
        {"x5u": "https://lain.contoh/c"},
        {},
    ):
        with pytest.raises(KeyInvalid):
            await identify(provider, issuer.token("province", key=FOREIGN, header=more))


async def test_an_extension_marked_critical_is_not_passed_over(provider, issuer):
    payload = json.dumps(issuer.claims("province")).encode()
    for head in ({"b64": False, "crit": ["b64"]}, {"b64": True, "crit": ["b64"]}):
        token = jws.serialize_compact({"alg": "RS256", "kid": "rsa-1", **head}, payload, issuer.rsa)
        with pytest.raises(KeyInvalid):
            await identify(provider, token)


async def test_a_key_signs_only_by_its_own_algorithm(provider, issuer):
    """The EC key is published for ES256; an RSA header with its name finds no key."""
    for head in ({"kid": "ec-1"}, {"alg": "PS256", "kid": "ec-1"}):
        with pytest.raises(KeyInvalid):
            await identify(provider, issuer.token("province", header=head))


async def test_a_token_that_names_no_key_is_taken_if_there_is_only_one(provider, issuer):
    assert await identify(provider, issuer.token("reader", header={"kid": None}))

    issuer.published = [issuer.rsa, RSAKey.generate_key(2048, {"kid": "rsa-2"})]
    with pytest.raises(KeyInvalid):
        await identify(a_provider(issuer), issuer.token("reader", header={"kid": None}))


@pytest.mark.filterwarnings("ignore:Key size")
def test_keys_that_could_not_be_trusted_are_passed_over():
    weak = RSAKey.generate_key(1024, {"kid": "weak"})
    good = ECKey.generate_key("P-256", {"kid": "good"})
    entries = [
        weak.as_dict(private=False),
        OctKey.generate_key(256, {"kid": "shared"}).as_dict(),
        {**FOREIGN.as_dict(private=False), "use": "enc"},
        FOREIGN.as_dict(private=True),
        {"kty": "RSA", "n": "x"}, {"kty": "EC"}, {}, "teks", None,
        good.as_dict(private=False),
    ]  # fmt: skip

    assert [key.kid for key in read_keys({"keys": entries})] == ["good"]


async def test_keys_are_fetched_once_for_many(provider, issuer):
    token = issuer.token("reader")

    await asyncio.gather(*(identify(provider, token) for _ in range(20)))

    assert issuer.asked == 1


async def test_a_new_key_is_found_and_unknown_ones_make_the_hub_ask_once_a_minute(provider, issuer, monkeypatch):
    await identify(provider, issuer.token("reader"))
    fresh = RSAKey.generate_key(2048, {"kid": "rsa-2"})
    issuer.published = [issuer.rsa, fresh]

    for number in range(5):
        with pytest.raises(KeyInvalid):
            await identify(provider, issuer.token("reader", header={"kid": f"acak-{number}"}))
    assert issuer.asked == 1
    monkeypatch.setattr(oidc, "ASK_AGAIN_SECONDS", 0.0)
    assert await identify(provider, issuer.token("reader", key=fresh))
    assert issuer.asked == 2


async def test_a_key_that_is_no_longer_published_ends(provider, issuer, monkeypatch):
    token = issuer.token("reader")
    await identify(provider, token)
    issuer.published = [issuer.ec]

    monkeypatch.setattr(oidc, "KEYS_FRESH_SECONDS", 0.0)

    with pytest.raises(KeyInvalid):
        await identify(provider, token)


async def test_a_provider_that_is_down_is_said_to_be_and_not_asked_by_everybody(issuer, monkeypatch):
    provider = a_provider(issuer)
    issuer.is_down = True
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            await identify(provider, issuer.token("reader"))

    issuer.is_down = False
    with pytest.raises(ProviderUnavailable):
        await identify(provider, issuer.token("reader"))
    monkeypatch.setattr(oidc, "FAILURE_SECONDS", 0.0)
    assert await identify(provider, issuer.token("reader"))


async def test_known_keys_outlast_an_outage_for_a_while(provider, issuer, monkeypatch):
    await identify(provider, issuer.token("reader"))
    issuer.is_down = True
    monkeypatch.setattr(oidc, "KEYS_FRESH_SECONDS", 0.0)

    assert await identify(provider, issuer.token("reader"))
    monkeypatch.setattr(oidc, "ASK_AGAIN_SECONDS", 0.0)
    with pytest.raises(ProviderUnavailable):
        await identify(provider, issuer.token("reader", header={"kid": "baru"}))
    monkeypatch.setattr(oidc, "KEYS_LAST_SECONDS", 0.0)
    with pytest.raises(ProviderUnavailable):
        await identify(provider, issuer.token("reader"))


async def test_a_configuration_that_names_another_issuer_is_not_believed(provider, issuer):
    issuer.named = "https://lain.contoh"

    with pytest.raises(ProviderUnavailable):
        await identify(provider, issuer.token("reader"))


async def test_the_address_of_the_keys_may_be_given(issuer):
    issuer.named = "https://lain.contoh"
    provider = a_provider(issuer, jwks_url=f"{issuer.url}/certs")

    assert await identify(provider, issuer.token("reader"))


@pytest.mark.parametrize(
    "issuer_url", ["http://login.contoh.go.id", "http://10.0.0.1", "ftp://127.0.0.1", "http://[::1]/x"]
)
def test_keys_do_not_come_over_an_open_road(issuer_url):
    with pytest.raises(ValueError, match="https"):
        Provider(ProviderSettings(issuer_url, AUDIENCE), outbound_policy(LOOPBACK))


async def test_loopback_is_asked_only_where_it_is_allowed(issuer):
    with pytest.raises(ValueError, match="https"):
        Provider(ProviderSettings(issuer.url, AUDIENCE), outbound_policy(()))
    closed = Provider(ProviderSettings(issuer.url.replace("http:", "https:"), AUDIENCE), outbound_policy(()))
    with pytest.raises(ProviderUnavailable):
        await identify(closed, issuer.token("reader"))
    assert issuer.asked == 0


# -- over HTTP


@pytest.fixture
async def door(settings, issuer):
    """The API with this provider set up."""
    app = create_app(settings.model_copy(update={"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rakor.test") as caller,
    ):
        yield caller


async def test_a_token_opens_what_its_role_says_and_the_trail_names_its_holder(door, issuer, database):
    named = await door.patch(f"{NODES}/surabaya", json={"name": "LPSE Baru"}, headers=bearer(issuer.token("province")))
    foreign = await door.post(RUNS, json={"fiscal_year": 2025}, headers=bearer(issuer.token("node:gresikkab")))
    own = await door.post(RUNS, json={"fiscal_year": 2025}, headers=bearer(issuer.token("node:surabaya")))
    missing = await door.post(
        f"{NODES}/tidak-ada/runs", json={"fiscal_year": 2025}, headers=bearer(issuer.token("node:gresikkab"))
    )

    assert [answer.status_code for answer in (named, foreign, own, missing)] == [200, 403, 202, 403]
    [entry] = await rows(database, "SELECT actor, key_id, act FROM audit_entries")
    assert entry == {"actor": f"oidc:{issuer.url}|siti-contoh", "key_id": None, "act": "node.revised"}


async def test_keys_open_while_the_provider_is_down(door, issuer, province_key):
    issuer.is_down = True

    by_token = await door.get("/api/v1/keys", headers=bearer(issuer.token("province")))
    by_key = await door.get("/api/v1/keys", headers=bearer(province_key))

    assert (by_token.status_code, by_token.json()["code"]) == (503, "identity-provider-unavailable")
    assert by_token.headers["retry-after"] == "30"
    assert by_key.status_code == 200


async def test_a_token_opens_nothing_where_no_provider_is_set_up(client, issuer):
    answer = await client.get("/api/v1/keys", headers=bearer(issuer.token("province")))

    assert (answer.status_code, answer.json()["code"]) == (401, "key-invalid")
    assert issuer.asked == 0


async def test_an_old_token_is_refused_at_the_door(door, issuer):
    ended = int((utc_now() - timedelta(hours=1)).timestamp())

    answer = await door.get("/api/v1/keys", headers=bearer(issuer.token("province", exp=ended)))

    assert (answer.status_code, answer.json()["code"]) == (401, "key-invalid")
