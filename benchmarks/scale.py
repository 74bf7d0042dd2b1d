"""A small simulation, by events, of requests that wait for workers and for a part of their org's concurrency.

One queue, as many workers as Lambda may run, batches that a worker takes one after the other; a request whose
org has no room comes back later. scale_facts.py has the constants and where they come from, scale_page.py
asks the questions. Times are seconds.
"""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

Service = Callable[[Random], float]


@dataclass(frozen=True)
class Setup:
    """`workers` at once, each with up to `batch` requests of a queue that is `fair` to orgs or in order.

    `concurrency`: requests of one org under way at once. Who finds no room has cost its worker `refused`
    and comes back after `again` on average. A worker takes no further request of its batch after `slice`.
    """

    workers: int = 10
    batch: int = 10
    concurrency: float = 10
    refused: float = 0.15
    again: float = 2.0
    slice: float = 35.0
    fair: bool = False


@dataclass(slots=True)
class Asked:
    """A request of an org, and what became of it."""

    org: int
    at: float
    started: float = -1.0
    ended: float = -1.0
    refusals: int = 0

    @property
    def waited(self) -> float:
        """From its arrival until its work began."""
        return self.started - self.at

    @property
    def took(self) -> float:
        """From its arrival to its end."""
        return self.ended - self.at


class Line:
    """The queue: in order of arrival, or fair, which is one of each org in turn."""

    def __init__(self, *, fair: bool) -> None:
        self._fair = fair
        self._orgs: OrderedDict[int, deque[Asked]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, one: Asked) -> None:
        """At the end of its line."""
        self._orgs.setdefault(one.org if self._fair else 0, deque()).append(one)
        self._size += 1

    def take(self, most: int) -> deque[Asked]:
        """The next ones."""
        found: deque[Asked] = deque()
        while self._size and len(found) < most:
            org, line = self._orgs.popitem(last=False)
            found.append(line.popleft())
            if line:
                self._orgs[org] = line
            self._size -= 1
        return found


@dataclass
class Outcome:
    """`done` in the order of their ends; `left`: accepted and not ended when the time was over.

    `busy`: seconds that workers worked. `ends`, `refusals`: how many in each second.
    """

    done: list[Asked] = field(default_factory=list)
    left: int = 0
    busy: float = 0.0
    ends: Counter[int] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)

    def waits(self, share: float, orgs: Callable[[int], bool] = lambda _: True) -> float:
        """The time from arrival to end that this share of the requests stays below."""
        times = sorted(one.took for one in self.done if orgs(one.org))
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


class Simulation:
    """One run: `asked` in order of time, until `until` (None: until all have ended)."""

    def __init__(self, setup: Setup, service: Service, seed: int = 1) -> None:
        self.setup = setup
        self.outcome = Outcome()
        self._service = service
        self._random = Random(seed)  # noqa: S311 -- not for secrets
        self._line = Line(fair=setup.fair)
        self._free = setup.workers
        self._running: Counter[int] = Counter()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self.now = 0.0

    def run(self, asked: Iterable[Asked], until: float | None = None) -> Outcome:
        """What became of all of them."""
        arrivals = iter(asked)
        accepted = self._next_arrival(arrivals)
        while self._events:
            at, _, what = heapq.heappop(self._events)
            if until is not None and at > until:
                break
            self.now = at
            what()
        self.outcome.left = accepted[0] - len(self.outcome.done)
        return self.outcome

    def _at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), what))

    def _next_arrival(self, arrivals: Iterator[Asked]) -> list[int]:
        """Each arrival schedules the next one, so that endless ones are fine; counts them."""
        accepted = [0]

        def arrive(one: Asked) -> None:
            accepted[0] += 1
            self._line.add(one)
            self._wake()
            schedule()

        def schedule() -> None:
            one = next(arrivals, None)
            if one is not None:
                self._at(one.at, lambda: arrive(one))

        schedule()
        return accepted

    def _wake(self) -> None:
        while self._free and len(self._line):
            self._free -= 1
            self._work(self._line.take(self.setup.batch), self.now)

    def _work(self, batch: deque[Asked], began: float) -> None:
        """A worker's next request of its batch; free again where none is left or its slice is over."""
        if batch and self.now - began >= self.setup.slice:
            for one in batch:
                self._line.add(one)
            batch.clear()
        if not batch:
            self._free += 1
            self._wake()
            return
        one = batch.popleft()
        if self._running[one.org] >= self.setup.concurrency:
            self._refuse(one, batch, began)
            return
        self._running[one.org] += 1
        one.started = self.now
        seconds = self._service(self._random)
        self.outcome.busy += seconds
        self._at(self.now + seconds, lambda: self._end(one, batch, began))

    def _refuse(self, one: Asked, batch: deque[Asked], began: float) -> None:
        one.refusals += 1
        self.outcome.refusals[int(self.now)] += 1
        self.outcome.busy += self.setup.refused
        back = self.now + self.setup.refused
        self._at(back, lambda: self._work(batch, began))
        self._at(back + self.setup.again * (0.5 + self._random.random()), lambda: self._return(one))

    def _return(self, one: Asked) -> None:
        self._line.add(one)
        self._wake()

    def _end(self, one: Asked, batch: deque[Asked], began: float) -> None:
        self._running[one.org] -= 1
        one.ended = self.now
        self.outcome.done.append(one)
        self.outcome.ends[int(self.now)] += 1
        self._work(batch, began)


def poisson(rate: float, seconds: float, orgs: int, seed: int = 2) -> Iterator[Asked]:
    """Arrivals at random, `rate` a second in all, of any of the orgs alike."""
    random = Random(seed)  # noqa: S311 -- not for secrets
    at = random.expovariate(rate)
    while at < seconds:
        yield Asked(random.randrange(orgs), at)
        at += random.expovariate(rate)


def burst(at: float, number: int, org: int) -> list[Asked]:
    """One org asks for many at once."""
    return [Asked(org, at) for _ in range(number)]


def simulate(setup: Setup, service: Service, asked: Iterable[Asked], until: float | None = None) -> Outcome:
    """One run."""
    return Simulation(setup, service).run(asked, until)
