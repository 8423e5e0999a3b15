"""Publishers of the Open Contracting Data Standard: feeds of releases or records, in packages or as JSON lines.

`feed` walks a feed, `survey` learns from it to which kind and year each contracting process belongs, everything else is
pure: `merging` makes one compiled release of many, `reading` reads values, `vocabulary` maps words, `awards` and `record`
map a compiled release onto a package, `adapter` joins them.
"""
