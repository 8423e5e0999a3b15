"""What the hub knows as Open Contracting data (OCDS 1.1): a release for each version of a package, and records of them.

`identity` names processes and releases; `vocabulary`, `parties`, `sections` and `agreements` say one version in the words of
the standard; `releases` makes the releases of a process out of its versions, `compiling` merges them; `packaging` wraps them.
All of these are pure. `queries` reads versions, `service` and `streams` join the two, `routes` and `crawlers` answer.
"""
