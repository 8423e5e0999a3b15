"""The web edge: problems, exact answers, entity tags, request ids, health, the published contract."""
