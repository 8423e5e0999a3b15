"""The `rakor` command: one module a group of verbs, wired here."""

import typer

from app.cli.adopting import adopt_nodes
from app.cli.credentials import forget_credential, list_credentials, set_credential
from app.cli.demonstrate import demo
from app.cli.keep import derive, doctor, load_registry, openapi, verify
from app.cli.keys import create_key, list_keys, revoke_key, rotate_key
from app.cli.mirror import mirror
from app.cli.operate import collect, migrate_schema, serve, worker
from app.cli.push import push
from app.cli.registering import compare_registry, decide_proposal, show_proposals
from app.cli.review import problems, runs
from app.cli.simulate import simulate
from app.cli.watch import probes

app = typer.Typer(
    name="rakor",
    help="Rakor, the coordination hub of a province's electronic procurement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
registry = typer.Typer(help="The register of regions, institutions and nodes.", no_args_is_help=True)
key = typer.Typer(help="Keys of those who may do what the public may not.", no_args_is_help=True)
app.add_typer(registry, name="registry")
app.add_typer(key, name="key")
credential = typer.Typer(help="Secrets by which the hub asks sources.", no_args_is_help=True)
app.add_typer(credential, name="credential")

app.command("demo")(demo)
app.command("serve")(serve)
app.command("worker")(worker)
app.command("migrate")(migrate_schema)
app.command("collect")(collect)
app.command("push")(push)
app.command("mirror")(mirror)
app.command("runs")(runs)
app.command("problems")(problems)
app.command("probes")(probes)
app.command("simulate")(simulate)
app.command("openapi")(openapi)
app.command("verify")(verify)
app.command("derive")(derive)
app.command("doctor")(doctor)
registry.command("load")(load_registry)
registry.command("compare")(compare_registry)
registry.command("proposals")(show_proposals)
registry.command("decide")(decide_proposal)
registry.command("adopt")(adopt_nodes)
key.command("create")(create_key)
key.command("list")(list_keys)
key.command("rotate")(rotate_key)
key.command("revoke")(revoke_key)
credential.command("set")(set_credential)
credential.command("list")(list_credentials)
credential.command("forget")(forget_credential)


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
