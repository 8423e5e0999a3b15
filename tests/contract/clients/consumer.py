"""Uses the generated Python client (openapi-python-client): two pages, one package, one figure, two refusals."""

import json
import sys

from rakor_client import Client
from rakor_client.api.exchange import get_changes
from rakor_client.api.procurement import get_package, list_packages
from rakor_client.api.statistics import get_savings
from rakor_client.models import PackageKind, PackageStatus, Problem, SavingsRead

hub = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)

codes, after = [], None
for _page in range(2):
    page = list_packages.sync(client=hub, node=["surabaya"], limit=3, after=after)
    codes += [package.code for package in page.items]
    after = page.next_
completed = list_packages.sync(client=hub, node=["surabaya"], status=[PackageStatus.COMPLETED], limit=1000).items
whole = get_package.sync("surabaya", PackageKind.TENDER, codes[0], client=hub)
savings = get_savings.sync(client=hub, node=["surabaya"], fiscal_year=[2025], group_by=["node", "fiscal_year"])
assert isinstance(savings, SavingsRead)
changes = get_changes.sync(client=hub, limit=2)
refusal = get_package.sync("surabaya", PackageKind.TENDER, "0", client=hub)
assert isinstance(refusal, Problem)
wrong = list_packages.sync(client=hub, limit=0)
assert isinstance(wrong, Problem)

said = {
    "codes": codes,
    "has_more": after is not None,
    "completed": len(completed),
    "pagu": whole.pagu,
    "has_nulls": any(item.pagu is None or item.bidders is None or item.created_on is None for item in completed),
    "kind": whole.kind.value,
    "changed_at": whole.changed_at.isoformat(),
    "saved": savings.total.by_pagu.savings,
    "group": [savings.items[0].node, savings.items[0].fiscal_year],
    "changes": len(changes.items),
    "refusal": refusal.code,
    "wrong": wrong.errors[0].pointer,
}
sys.stdout.write(json.dumps(said))
