"""Executor: deletes and delinks by ids."""
