"""Who stands where among their peers, how surely, what would move them up, and who is not ranked and why."""
