"""What LKPP's own services have in common: rows of packages in lists of one shape, whichever service gives them.

INAPROC's gateway and ISB-2 copy the same tables of the LPSEs: each adapter fetches its lists and names them in a table of
`lists`; here `rows` gathers rows by package, `reading` reads values, `vocabulary` maps words, `awards` and `parts` join what
comes in lists of its own, and `record` puts one package together. All of it is pure.
"""
