"""The version of everything that figures rest on: it grows with every committed change, and with nothing else."""

from app.kit.db import Asker, Database

# Rows of versions only grow, and each transaction sees all or nothing of another: of two looks that see the same sum, none
# can have seen what the other has not.
_VERSION = "SELECT coalesce(sum(version), 0)::bigint FROM figure_versions"


def version_asker(database: Database) -> Asker:
    """Asks for the sum of all versions."""
    return Asker(database, _VERSION)
