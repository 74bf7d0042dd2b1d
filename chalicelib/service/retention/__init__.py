"""Retention policies: what operators set, which runs are due, and the executor of a run."""
