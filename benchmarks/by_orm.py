"""The same tables written by a plain ORM, as one would begin: objects of the mapped classes, a session, a commit a batch."""

from collections.abc import Sequence

from sqlalchemy import select, text

from app.core.dates import TimeZone
from app.core.records import PackageRecord
from app.kit.clock import utc_now
from app.kit.db import open_database, write_for_node
from app.kit.json import dumps_canonical, loads
from app.kit.postgres import ServerUrls
from app.procurement.derive import Said, derive, hash_of
from app.procurement.tables import Award, Change, Observation, Package, PackageVersion, Supplier

MOMENTS = ("announced_at", "awarded_at", "contracted_at")


async def store_by_orm(urls: ServerUrls, records: Sequence[PackageRecord], batch: int) -> None:
    database = open_database(urls.app)
    try:
        async with database.reading() as session:
            node_id = await session.scalar(text("SELECT id FROM nodes WHERE slug = 'surabaya'"))
        for start in range(0, len(records), batch):
            async with database.transaction() as session:
                await write_for_node(session, node_id)
                now = utc_now()
                for record in records[start : start + batch]:
                    fields = loads(dumps_canonical(record.fields))
                    state = derive([Said("push", fields)], zone=TimeZone.WIB, institutions={})
                    columns = {name: value for name, value in state.items() if name != "awards"}
                    columns |= {name: record.fields.get(name) for name in (*MOMENTS, "created_on")}
                    package = Package(
                        node_id=node_id, kind=record.kind, code=record.code, version=1, state_hash=hash_of(state),
                        first_seen_at=now, changed_at=now, **columns,
                    )  # fmt: skip
                    session.add(package)
                    await session.flush()
                    observation = Observation(
                        package_id=package.id, source="push", fields=fields, content_hash=hash_of(fields),
                        received_at=now, last_seen_at=now, parser_version="orm 1", is_current=True,
                    )  # fmt: skip
                    session.add(observation)
                    await session.flush()
                    for award in state["awards"]:
                        identity = award["identity"]
                        supplier = await session.scalar(select(Supplier).where(Supplier.identity == identity))
                        if supplier is None:
                            supplier = Supplier(identity=identity, name=award["supplier_name"], npwp=award["npwp"])
                            session.add(supplier)
                            await session.flush()
                        left_out = {"pdn_value", "umk_value", "identity"}
                        amounts = {name: value for name, value in award.items() if name not in left_out}
                        session.add(Award(package_id=package.id, supplier_id=supplier.id, **amounts))
                    session.add(
                        PackageVersion(
                            package_id=package.id, version=1, state=state, observation_ids=[observation.id], at=now
                        )
                    )
                    session.add(Change(at=now, entity="package", entity_id=package.id, version=1, op="upsert"))
    finally:
        await database.close()
