"""Retention policies: what they select, when they run, how a run stands."""
