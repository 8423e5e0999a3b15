"""Messages go where they may, and nowhere else: judged when the URL is said, and again whenever something is sent."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from app.exchange.webhooks.errors import WebhookUrlForbidden
from app.exchange.webhooks.targets import judge_target, outbound_policy, policy_for
from tests.exchange.webhooks.hearers import OK, a_courier, carry, deliveries, happen, subscribe
from tests.kit.strangers import LOOPBACK, resolving, says, stranger

PUBLIC = outbound_policy(())
LOCAL = outbound_policy(LOOPBACK)


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.215.14/",
        "http://contoh.example/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://10.0.0.5/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.100.100.200/",
        "https://siapa:sandi@93.184.215.14/",
        "https://93.184.215.14:22/",
        "https://93.184.215.14:8080/",
        "https://93.184.215.14:99999/",
        "gopher://93.184.215.14/",
        "https:///x",
    ],
)
async def test_a_url_that_leads_elsewhere_is_refused(url):
    with pytest.raises(WebhookUrlForbidden):
        await judge_target(url, PUBLIC)


@pytest.mark.parametrize(
    "addresses", [["10.0.0.5"], ["93.184.215.14", "127.0.0.1"], ["fd00::1"], ["2606:2800:220:1::1", "::1"]]
)
async def test_a_name_is_refused_when_one_of_its_addresses_is(addresses):
    with pytest.raises(WebhookUrlForbidden) as refused:
        await judge_target("https://dalam.example/", PUBLIC, resolver=resolving(addresses))

    assert not any(address in refused.value.english + refused.value.indonesian for address in addresses)


async def test_public_names_pass_and_so_do_those_that_lead_nowhere_yet():
    async def nowhere(host, port):
        raise OSError(-2, "unknown")

    await judge_target("https://penerima.example/", PUBLIC, resolver=resolving(["93.184.215.14", "2606:2800:220:1::1"]))
    await judge_target("https://penerima.example:8443/x?y=1", PUBLIC, resolver=resolving(["93.184.215.14"]))
    await judge_target("https://belum.example/", PUBLIC, resolver=nowhere)


async def test_networks_of_the_operator_may_be_asked_without_tls_and_nothing_else_may():
    await judge_target("http://127.0.0.1:9/x", LOCAL)
    await judge_target("http://penerima.example:9/x", LOCAL, resolver=resolving(["127.0.0.1"]))
    for addresses in (["93.184.215.14"], ["127.0.0.1", "93.184.215.14"]):
        with pytest.raises(WebhookUrlForbidden):
            await judge_target("http://penerima.example/", LOCAL, resolver=resolving(addresses))


async def test_the_api_refuses_what_the_courier_would_refuse(keeper):
    for url in ("https://10.0.0.5/x", "http://93.184.215.14/x"):
        answer = await keeper.post("/api/v1/webhooks", json={"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook-url-forbidden")
    made = await keeper.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9/x"})
    revised = await keeper.patch(f"/api/v1/webhooks/{made.json()['id']}", json={"url": "https://10.0.0.5/x"})
    assert revised.json()["code"] == "webhook-url-forbidden"


async def test_a_name_that_leads_inside_later_is_not_followed(database):
    resolver = resolving(["93.184.215.14"], ["127.0.0.1"])
    async with stranger(says(OK)) as host:
        url = f"https://penerima.example:8443/{host.port}"
        await judge_target(url, PUBLIC, resolver=resolver)
        await subscribe(database, url)
        await happen(database, "1")
        courier = a_courier(database, resolver=resolver)
        courier.outbound = PUBLIC
        await carry(courier)

        assert host.connections == 0
    [delivery] = await deliveries(database)
    [attempt] = delivery["attempts"]
    assert (delivery["state"], attempt["error"]) == ("pending", "address-forbidden")
    assert "127.0.0.1" not in attempt["detail"]


async def test_a_network_that_is_no_longer_allowed_is_not_asked(database):
    async with stranger(says(OK)) as host:
        await subscribe(database, host.url())
        await happen(database, "1")
        courier = a_courier(database)
        courier.outbound = replace(LOCAL, allowed_networks=(ip_network("10.0.0.0/8"),))
        await carry(courier)

        assert host.connections == 0
    [delivery] = await deliveries(database)
    assert delivery["attempts"][0]["error"] == "address-forbidden"


def test_without_tls_no_port_of_the_public_internet_is_left():
    assert policy_for("http://x.example/", LOCAL).allowed_ports == frozenset()
    assert policy_for("HTTPS://x.example/", LOCAL).allowed_ports == {443, 8443}
