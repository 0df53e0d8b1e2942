"""The tasks, and what they share: training, the run directory, metrics, plots."""
