"""The engine: it alone writes what the executors decide."""
