"""Memory of a function's worker processes while something runs."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType

EVERY = 0.25
_MB = 1024


class Watch:
    """Looks at the resident memory of the local AWS's workers of one function until it is left."""

    def __init__(self, function: str) -> None:
        self._mark = f"ministack-lambda-expunge-local-{function}-"
        self._seen: dict[int, list[tuple[float, float]]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def told(self) -> dict[str, float]:
        """`most`: MB of the largest worker; `growth`: largest share by which one grew from the first half of
        its time to the second; `workers`: how many there were.
        """
        found = [[size for _, size in seen] for seen in self._seen.values() if len(seen) >= 8]
        growth = [max(each[len(each) // 2 :]) / max(each[: len(each) // 2]) - 1 for each in found]
        most = max((size for seen in self._seen.values() for _, size in seen), default=0.0)
        return {"most": most, "growth": max(growth, default=0.0), "workers": float(len(self._seen))}

    def _look(self) -> None:
        while not self._stop.wait(EVERY):
            for process in Path("/proc").iterdir():
                if process.name.isdigit():
                    self._note(process)

    def _note(self, process: Path) -> None:
        try:
            if self._mark not in (process / "cmdline").read_text(errors="replace"):
                return
            lines = (process / "status").read_text().splitlines()
        except OSError:
            return
        resident = next((line.split()[1] for line in lines if line.startswith("VmRSS:")), None)
        if resident is not None:
            self._seen.setdefault(int(process.name), []).append((time.monotonic(), int(resident) / _MB))
