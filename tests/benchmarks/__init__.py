"""What performance targets are measured with. Not collected by pytest: run on purpose, on a quiet machine.

`python -m tests.benchmarks` runs all of them; each is a module of its own and prints its ratios.
"""
