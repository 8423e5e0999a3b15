"""We pull: runs that ask nodes for their packages, page by page, and hand them to the one door."""
