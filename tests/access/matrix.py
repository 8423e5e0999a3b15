"""Who may ask what: the table that the key matrix is held against, one line an operation of the contract.

A new route needs a line here. `own`, `foreign` and `missing` are objects of the caller's node, of another, and of none.
"""

from dataclasses import dataclass, field
from typing import Any

ALL, OWN, NONE = "all", "own", "none"


@dataclass(frozen=True)
class Who:
    """How far each role reaches; `keys_looked_at` is false where even a bad key does not matter."""

    province: str = ALL
    reader: str = NONE
    node: str = NONE
    anonymous: str = NONE
    keys_looked_at: bool = True


PUBLIC = Who(reader=ALL, node=ALL, anonymous=ALL, keys_looked_at=False)
SHOWS_MORE_TO_KEYS = Who(reader=ALL, node=ALL, anonymous=ALL)
PROVINCE = Who()
PROVINCE_AND_OWN_NODE = Who(node=OWN)
READERS = Who(reader=ALL)
READERS_AND_OWN_NODE = Who(reader=ALL, node=OWN)


@dataclass(frozen=True)
class Line:
    """One operation: who may, what is sent, and what those who may are answered."""

    who: Who
    body: Any = None
    good: set[int] = field(default_factory=lambda: {200})
    missing: set[int] = field(default_factory=lambda: {404})
    refused: int = 403
    """What a caller with a valid key is answered who may not: 404 where an object's node is not in the address."""
    query: dict[str, str] = field(default_factory=dict)


_PUSH = [{"kind": "tender", "code": "990", "fiscal_year": 2025, "name": "Paket contoh"}]
_HIDDEN = {"refused": 404}

EXPECTED: dict[str, Line] = {
    # access
    "create_key": Line(PROVINCE, {"role": "reader", "name": "contoh"}, {201}),
    "list_keys": Line(PROVINCE),
    "get_key": Line(PROVINCE),
    "revoke_key": Line(PROVINCE),
    "rotate_key": Line(PROVINCE, {}, {201, 409}),
    "list_audit_entries": Line(READERS),
    # registry
    "list_regions": Line(PUBLIC),
    "get_region": Line(PUBLIC),
    "list_institutions": Line(PUBLIC),
    "list_nodes": Line(PUBLIC),
    "get_node": Line(PUBLIC),
    "get_node_probes": Line(PUBLIC),
    "get_node_passport": Line(PUBLIC),
    "register_node": Line(PROVINCE, {"slug": "matriks", "name": "LPSE Contoh"}, {201}),
    "revise_node": Line(PROVINCE, {"name": "LPSE Contoh"}),
    "retire_node": Line(PROVINCE, query={"dry_run": "true"}),
    "list_register_proposals": Line(PUBLIC),
    "get_register_proposal": Line(PUBLIC),
    "decide_register_proposal": Line(PROVINCE, {"decision": "dismiss", "reason": "contoh", "dry_run": True}),
    # collection
    "start_run": Line(PROVINCE_AND_OWN_NODE, {"fiscal_year": 2025}, {202}),
    "list_node_runs": Line(PUBLIC),
    "list_runs": Line(PUBLIC),
    "get_run": Line(PUBLIC),
    "list_run_problems": Line(SHOWS_MORE_TO_KEYS),
    "list_problems": Line(SHOWS_MORE_TO_KEYS),
    "get_withdrawal": Line(PUBLIC),
    "confirm_withdrawal": Line(PROVINCE, {"reason": "contoh", "dry_run": True}),
    "undo_withdrawal": Line(PROVINCE, good={404}),
    "start_run_batch": Line(PROVINCE, {"province": "35", "fiscal_year": 2025}, {202}),
    "get_run_batch": Line(PUBLIC),
    # procurement
    "list_packages": Line(SHOWS_MORE_TO_KEYS),
    "get_package": Line(SHOWS_MORE_TO_KEYS),
    "get_package_history": Line(SHOWS_MORE_TO_KEYS),
    "get_raw_answer": Line(READERS),
    # statistics
    "get_savings": Line(PUBLIC),
    "get_package_figures": Line(PUBLIC),
    "get_competition": Line(PUBLIC),
    "get_timeliness": Line(PUBLIC),
    "get_absorption": Line(PUBLIC),
    "get_pdn_umk": Line(PUBLIC),
    "get_coverage": Line(PUBLIC),
    "get_formulas": Line(PUBLIC),
    "get_formula": Line(PUBLIC),
    "put_reported_figures": Line(PROVINCE_AND_OWN_NODE, {"packages": 3}, {200, 201}),
    "get_reported_figures": Line(SHOWS_MORE_TO_KEYS),
    "list_reported_figures": Line(SHOWS_MORE_TO_KEYS),
    "get_reported_figures_history": Line(SHOWS_MORE_TO_KEYS),
    "get_reconciliation": Line(PUBLIC),
    "get_reconciliation_of_sources": Line(PUBLIC, query={"node": "surabaya", "fiscal_year": "2025"}),
    "get_progress": Line(PUBLIC),
    "get_rankings": Line(PUBLIC),
    "get_ranking": Line(PUBLIC),
    "get_ranking_history": Line(PUBLIC),
    # submission
    "push_packages": Line(PROVINCE_AND_OWN_NODE, _PUSH, {200, 201, 202}),
    "list_node_submissions": Line(READERS_AND_OWN_NODE, missing={200, 404}),
    "get_submission": Line(READERS_AND_OWN_NODE, **_HIDDEN),
    "list_submission_problems": Line(READERS_AND_OWN_NODE, **_HIDDEN),
    "download_submission_problems": Line(READERS_AND_OWN_NODE, **_HIDDEN),
    "download_submission_body": Line(READERS_AND_OWN_NODE, **_HIDDEN),
    "get_submission_withdrawal": Line(PROVINCE),
    "confirm_submission_withdrawal": Line(PROVINCE, {"reason": "contoh", "dry_run": True}),
    "undo_submission_withdrawal": Line(PROVINCE, good={404}),
    "list_submission_schemas": Line(PUBLIC),
    "get_submission_schema": Line(PUBLIC),
    "download_template": Line(PUBLIC),
    # webhooks: whose node they belong to does not stand in the address, and a reader keeps none
    "create_webhook": Line(Who(node=ALL), {"url": "https://93.184.215.14/rakor"}, {201}),
    "list_webhooks": Line(Who(node=ALL)),
    "get_webhook": Line(PROVINCE_AND_OWN_NODE, **_HIDDEN),
    "revise_webhook": Line(PROVINCE_AND_OWN_NODE, {"state": "paused"}, **_HIDDEN),
    "delete_webhook": Line(PROVINCE_AND_OWN_NODE, query={"dry_run": "true"}, **_HIDDEN),
    "rotate_webhook_secret": Line(PROVINCE_AND_OWN_NODE, {}, {201}, **_HIDDEN),
    "ping_webhook": Line(PROVINCE_AND_OWN_NODE, good={202}, **_HIDDEN),
    "replay_webhook": Line(PROVINCE_AND_OWN_NODE, {"since": "2026-11-29T00:00:00+07:00"}, **_HIDDEN),
    "list_webhook_deliveries": Line(PROVINCE_AND_OWN_NODE, **_HIDDEN),
    "get_webhook_delivery": Line(PROVINCE_AND_OWN_NODE, **_HIDDEN),
    "replay_webhook_delivery": Line(PROVINCE_AND_OWN_NODE, good={202}, **_HIDDEN),
    # suppliers
    "list_suppliers": Line(SHOWS_MORE_TO_KEYS),
    "get_supplier": Line(SHOWS_MORE_TO_KEYS),
    # the change feed
    "get_changes": Line(PUBLIC),
    "list_checkpoints": Line(PUBLIC),
    # open contracting data
    "get_releases": Line(PUBLIC),
    "get_release": Line(PUBLIC),
    "get_records": Line(PUBLIC),
    "get_record": Line(PUBLIC),
    "get_bulk_index": Line(PUBLIC),
    "download_year": Line(PUBLIC, missing={200}),
    "download_year_packed": Line(PUBLIC, missing={200}),
    "get_extension_file": Line(PUBLIC),
    "get_crawler_codes": Line(PUBLIC, query={"year": "2025"}),
    "get_crawler_archive": Line(PUBLIC, query={"year": "2025", "lpse": "10"}),
    "get_crawler_releases": Line(PUBLIC),
    # exports
    "list_exports": Line(PUBLIC),
    "get_data_package": Line(PUBLIC),
    "get_catalogue": Line(PUBLIC),
    "get_statistics_schema": Line(PUBLIC),
    "get_export_schema": Line(PUBLIC, missing={422}),
    "get_prepared_export": Line(SHOWS_MORE_TO_KEYS),
    "download_prepared_export": Line(SHOWS_MORE_TO_KEYS, good={409}),
    "export_packages": Line(SHOWS_MORE_TO_KEYS, missing={422}),
    "export_awards": Line(SHOWS_MORE_TO_KEYS, missing={422}),
    "export_statistics": Line(PUBLIC, missing={422}),
    "export_nodes": Line(PUBLIC, missing={422}),
    # operations
    "get_index": Line(PUBLIC),
    "get_liveness": Line(PUBLIC),
    "get_readiness": Line(PUBLIC),
}
