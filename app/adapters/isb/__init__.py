"""LKPP's ISB-2 services: keyed datasets of one LPSE and year, each a whole array, and the keyless Satu Data.

`datasets` says which there are and where, `walk` reads them, everything else is pure: `rows` names rows, `reading` reads
values, `vocabulary` maps words, `parts` and `awards` read what is a list of its own, `record` puts a package together,
`satudata` and `masters` read the keyless services, `adapter` joins them.
"""
