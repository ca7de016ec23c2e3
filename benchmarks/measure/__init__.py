"""What the benchmarks share: processes that take turns, their spread, the machine and its limit, and result files."""
