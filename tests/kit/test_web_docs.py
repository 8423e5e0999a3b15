"""The documentation page works where there is no internet: every file it needs comes from this host."""

import re
from urllib.parse import urlsplit

import httpx
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_page_needs_nothing_from_anywhere_else(reader):
    page = await reader.get("/docs")
    named = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert any(name.endswith(".js") for name in named)
    assert any(name.endswith(".css") for name in named)
    for name in named:
        asset = await reader.get(name)
        assert not urlsplit(name).netloc
        assert asset.status_code == 200
        assert len(asset.content) > 100
    assert not re.search(r"https?://", page.text)
    assert "'/openapi.json'" in page.text


async def test_the_browser_is_told_to_load_from_this_host_only(reader):
    policy = (await reader.get("/docs")).headers["content-security-policy"]

    assert policy.startswith("default-src 'self'")
    assert "http" not in policy


async def test_the_style_sheet_names_no_other_host(reader):
    style = (await reader.get("/docs/assets/swagger-ui.css")).text
    named = [target.strip("\"'") for target in re.findall(r"url\(([^)]*)\)", style)]

    assert [target for target in named if not target.startswith("data:")] == []


async def test_the_contract_of_the_page_is_the_one_that_is_served(reader):
    document = (await reader.get("/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert httpx.URL(document["info"].get("license", {}).get("url", "")).host == ""
