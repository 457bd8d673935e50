"""The numbered views. Each draws a snapshot and nothing else."""
