"""For all tests: property tests that do not fail because the machine is busy, and leave nothing behind."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how large the crash matrix was: every call of every scenario, in every way to go wrong."""
    reports = [report for name in ("passed", "failed") for report in terminalreporter.stats.get(name, [])]
    sizes = [value for report in reports for name, value in report.user_properties if name == "matrix"]
    if sizes:
        calls, runs = sum(calls for calls, _ in sizes), sum(runs for _, runs in sizes)
        scenarios = f"{len(sizes)} scenarios, {calls} calls x {runs // calls} ways"
        terminalreporter.write_line(f"crash matrix: {scenarios} = {runs} runs")
