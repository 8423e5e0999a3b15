"""Linters and generators nobody here wrote take the contract as it is: nothing to mend, clients that compile and work.

They come from the public registries of npm and PyPI. What is not to be had is skipped, and says so.
"""

import functools
import json
import shutil
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from app.kit.json import loads
from app.main import create_app
from app.settings import Settings
from tests.contract.serving import fill, serving

pytestmark = pytest.mark.nightly

CONSUMERS = Path(__file__).parent / "clients"
SECONDS = 900
# Annotations that the JDK no longer has and generated code bears.
GENERATED = 'package javax.annotation; public @interface Generated { String[] value(); String comments() default ""; }'
OPTIONS = "openApiNullable=false,hideGenerationTimestamp=true,useJakartaEe=false"


def run(*command, cwd, **more):
    """What a program says; its complaints are the failure."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False, **more
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout


def needed(*programs):
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")


def installed(command, cwd):
    """Install something, or skip where the registry is out of reach."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        pytest.skip(f"{' '.join(map(str, command))}: {done.stderr[-300:]}")


def npm(folder, *packages):
    needed("node", "npm")
    (folder / "package.json").write_text('{"name": "trial", "version": "1.0.0", "private": true}')
    installed(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages], folder)
    return folder / "node_modules" / ".bin"


@pytest.fixture
def contract(tmp_path):
    """The document as it is served, in a folder of its own."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(create_app(Settings(_env_file=None)).openapi()), encoding="utf-8")
    return path


def test_spectral_finds_nothing(contract):
    tools = npm(contract.parent, "@stoplight/spectral-cli@6")
    (contract.parent / ".spectral.json").write_text('{"extends": ["spectral:oas"]}')

    run(tools / "spectral", "lint", "--fail-severity=warn", contract, cwd=contract.parent)


def test_redocly_finds_nothing(contract):
    tools = npm(contract.parent, "@redocly/cli@2")

    said = run(tools / "redocly", "lint", contract, "--extends=recommended", "--format=json", cwd=contract.parent)

    assert json.loads(said)["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


@pytest.fixture
def hub(database_urls, settings):
    """A running hub with the packages of one collected node."""
    fill(database_urls.app)
    with serving(settings) as base_url:
        yield base_url


@functools.cache
def expected(base_url):
    """What every client must come to, asked without one."""
    with httpx.Client(base_url=f"{base_url}/api/v1") as plain:
        pages = loads(plain.get("/packages?node=surabaya&limit=6").content)
        codes = [item["code"] for item in pages["items"]]
        whole = loads(plain.get(f"/packages/surabaya/tender/{codes[0]}").content)
        savings = loads(plain.get("/statistics/savings?node=surabaya&fiscal_year=2025").content)
        completed = loads(plain.get("/packages?node=surabaya&status=completed&limit=1000").content)["items"]
    return {
        "codes": codes,
        "has_more": pages["next"] is not None,
        "completed": len(completed),
        "pagu": whole["pagu"],
        "has_nulls": True,
        "kind": "tender",
        "changed_at": whole["changed_at"].removesuffix("Z"),
        "saved": savings["total"]["by_pagu"]["savings"],
        "group": ["surabaya", 2025],
        "changes": 2,
        "refusal": "package-not-found",
        "wrong": "/query/limit",
    }


def agrees(said, base_url, *, is_exact=False):
    """Compare what a client came to. Where a language reads numbers as doubles, they are compared as such."""
    heard, wanted = loads(said), expected(base_url)
    heard["changed_at"] = heard["changed_at"].removesuffix("Z").removesuffix("+00:00")
    sparse = heard.pop("sparse", None)
    if sparse is not None:
        assert [sparse[0], float(sparse[1]), sparse[2]] == [wanted["codes"][0], float(wanted["pagu"]), None]
    if not is_exact:
        for side in (heard, wanted := dict(wanted)):
            side.update({name: float(side[name]) for name in ("pagu", "saved")})
    else:
        assert all(isinstance(heard[name], Decimal) for name in ("pagu", "saved"))
    assert heard == wanted


def test_a_python_client_works(contract, hub):
    folder = contract.parent
    run(sys.executable, "-m", "venv", "tools", cwd=folder)
    installed([folder / "tools/bin/python", "-m", "pip", "install", "-q", "openapi-python-client==0.29.1"], folder)
    generate = ("generate", "--path", contract, "--output-path", "rakor_client", "--meta", "none")

    run(folder / "tools/bin/openapi-python-client", *generate, cwd=folder)
    run(folder / "tools/bin/python", "-m", "compileall", "-q", "rakor_client", cwd=folder)
    shutil.copy(CONSUMERS / "consumer.py", folder)
    agrees(run(folder / "tools/bin/python", "consumer.py", hub, cwd=folder), hub)


def test_a_typescript_client_works(contract, hub):
    folder = contract.parent
    tools = npm(folder, "openapi-typescript@7", "openapi-fetch@0.17", "typescript@5", "@types/node@22")
    shutil.copy(CONSUMERS / "consumer.ts", folder)
    strictly = ("--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--types", "node")

    run(tools / "openapi-typescript", contract, "-o", "schema.d.ts", cwd=folder)
    run(
        tools / "tsc", *strictly, "--module", "nodenext", "--moduleResolution", "nodenext", "--outDir", "out",
        "consumer.ts", "schema.d.ts", cwd=folder,
    )  # fmt: skip
    agrees(run("node", "out/consumer.js", hub, cwd=folder), hub)


@pytest.fixture
def generator(tmp_path):
    """The jar of openapi-generator, as it comes with its package on PyPI; it holds what Java clients are compiled with."""
    needed("java", "javac")
    folder = tmp_path / "generator"
    folder.mkdir()
    run(sys.executable, "-m", "venv", "pip", cwd=folder)
    wheel = ["download", "-q", "--no-deps", "-d", ".", "openapi-generator-cli==7.26.0"]
    installed([folder / "pip/bin/python", "-m", "pip", *wheel], folder)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.extract("openapi_generator_cli/openapi-generator.jar", folder)


def test_a_java_client_works_exactly(contract, generator, hub):
    folder = contract.parent
    stub = folder / "client/javax/annotation/Generated.java"
    parts = "apis,models,supportingFiles,modelDocs=false,apiDocs=false,modelTests=false,apiTests=false"
    chosen = ("-g", "java", "--library", "native", "--additional-properties", OPTIONS, "--global-property", parts)

    run("java", "-jar", generator, "generate", "-i", contract, "-o", "client", *chosen, cwd=folder)
    stub.parent.mkdir(parents=True)
    stub.write_text(GENERATED)
    sources = [stub, *(folder / "client/src/main/java").rglob("*.java"), CONSUMERS / "Consumer.java"]
    (folder / "sources").write_text("\n".join(map(str, sources)))
    run("javac", "-parameters", "-proc:none", "-nowarn", "-d", "out", "-cp", generator, "@sources", cwd=folder)
    agrees(run("java", "-cp", f"out:{generator}", "Consumer", hub, cwd=folder), hub, is_exact=True)


@pytest.mark.parametrize("language", ["typescript-fetch", "python"])
def test_other_generated_clients_compile(contract, generator, language):
    folder = contract.parent
    run("java", "-jar", generator, "generate", "-i", contract, "-o", "client", "-g", language, cwd=folder)

    if language == "python":
        run(sys.executable, "-m", "compileall", "-q", "client/openapi_client", cwd=folder)
    else:
        tools = npm(folder, "typescript@5")
        run(
            tools / "tsc", "--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom",
            "client/index.ts", cwd=folder,
        )  # fmt: skip
