"""Plans run to their end: steps, approvals, checks, answers, and where events are kept."""
