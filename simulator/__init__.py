"""A strict Zoho CRM for one machine: OAuth and the deleting side of CRM v2 to v8.

Run it with ``python -m simulator --port 9000`` or, inside a test, with ``simulator.running()``::

    with simulator.running() as server:
        requests.post(server.url + "/oauth/v2/token", ...)
        server.sim.clock.advance(3600)
"""

from simulator.app import Simulator
from simulator.clock import SimClock
from simulator.server import Server, running
from simulator.settings import Settings

__all__ = ["Server", "Settings", "SimClock", "Simulator", "running"]
