"""Admin pages of the flywheel. Texts stand here pseudonymised only; the one way to a raw one leaves a trace."""

from training.admin import (
    dashboard,
    evaluations,
    items,
    lineage,
    pairs,
    policies,
    records,
    runs,
    snapshots,
    withdrawals,
)

__all__ = [
    "dashboard",
    "evaluations",
    "items",
    "lineage",
    "pairs",
    "policies",
    "records",
    "runs",
    "snapshots",
    "withdrawals",
]
