"""Every published figure recomputed from what it follows from, by code that shares nothing with what keeps the figures.

It goes node by node, and within a node by pieces of so many packages, however large the hub is:

    observations → testimony.py ┐
    last versions ──────────────┼→ facts of each package → meaning.py → sums.py ─┐
    packages and awards ────────┘                                                ├→ comparing.py → differences
    package_summaries, duration_summaries, supplier_summaries → published.py ────┘

An auditor reads `testimony.py` (what is believed of what sources say) and `meaning.py` (what each number counts).
"""

from app.statistics.verification.comparing import MOST_GROUPS, Difference
from app.statistics.verification.verifying import Progress, Verification, verify_figures

__all__ = ["MOST_GROUPS", "Difference", "Progress", "Verification", "verify_figures"]
