"""The version of everything that figures rest on: it grows with every committed change, and with nothing else."""

from sqlalchemy import text

from app.kit.db import Database

# Rows of versions only grow, and each transaction sees all or nothing of another: of two looks that see the same sum, none
# can have seen what the other has not.
_VERSION = text("SELECT coalesce(sum(version), 0)::bigint FROM figure_versions")


async def read_version(database: Database) -> int:
    """The sum of all versions, by one statement outside of any transaction."""
    async with database.engine.connect() as connection:
        autonomous = await connection.execution_options(isolation_level="AUTOCOMMIT")
        version: int = (await autonomous.execute(_VERSION)).scalar_one()
        return version
