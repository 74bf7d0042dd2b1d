"""An example company: 5,000 records over eight modules, with views, that look like a real org's."""

from simulator.company.company import MODULES, VIEWS, data

__all__ = ["MODULES", "VIEWS", "data"]
