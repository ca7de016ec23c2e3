"""What the benchmark scripts share: networks and images, processes that take turns, result files and their tables."""
