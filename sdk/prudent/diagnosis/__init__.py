"""What stands between this machine and its best: facts, limits, measurements, advice. It prints nothing."""
