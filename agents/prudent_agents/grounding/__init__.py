"""What models wrote, held against what is known: facts, copies, sums, sources."""
