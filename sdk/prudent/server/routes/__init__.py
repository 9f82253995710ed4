"""HTTP in front of the guard, one file per capability. A route sees the guard and nothing behind it."""
