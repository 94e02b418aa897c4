"""Benchmarks. Each prints a ratio against a named baseline measured in the same run, or a figure with its goal."""
