"""The INAPROC API gateway: lists of rows per institution and year, joined into packages.

`gateway` talks, `listing` walks the lists to their proven end, everything else is pure: `resources` says which lists a
kind has, `rows` names rows by their content and gathers them by package, `reading` reads values, `awards` and `details`
join the lists of winners, contracts and participants, `vocabulary` maps the gateway's words onto ours, `record` puts
one package together, `adapter` joins them.
"""
