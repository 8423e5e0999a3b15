"""The public pages and lists of SPSE 4.x, the application that every LPSE node runs.

`session` talks, `listing` proves a list complete, everything else is pure: `index` reads rows; `announcement`,
`schedule`, `offers`, `winners` and `realizations` read pages, found by the words in `labels` and told apart by `pages`;
`vocabulary` maps SPSE's words onto ours, `record` puts one package together, `adapter` joins them.
"""
