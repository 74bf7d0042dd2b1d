"""A real browser for tests: headless Chromium behind ChromeDriver, spoken to in W3C WebDriver.

The protocol is a handful of JSON calls over HTTP, so no package is needed for it.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import requests

from local.ministack import free_port

SECONDS = 60.0
#: Without the last of these it would look for hosts that this machine may not reach.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One browser window. `downloads`: where files go that a page saves."""

    def __init__(self, place: Path) -> None:
        driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
        assert driver, "chromedriver is not installed: make browser says what is missing"
        assert chromium, "chromium is not installed: make browser says what is missing"
        self.downloads = place / "downloads"
        self.downloads.mkdir(parents=True)
        port = free_port()
        env = {"PATH": os.environ["PATH"], "HOME": str(place), "LANG": "en_US.UTF-8", "TZ": "UTC"}
        with (place / "chromedriver.log").open("wb") as log:
            self._process = subprocess.Popen([driver, f"--port={port}"], env=env, stdout=log, stderr=log)
        self._http = requests.Session()
        self._http.trust_env = False
        self._url = f"http://127.0.0.1:{port}"
        try:
            self._wait_for_driver()
            made = self._call("POST", "/session", {"capabilities": self._wanted(chromium, place)})
        except BaseException:
            self._end()
            raise
        self._url += f"/session/{made['sessionId']}"

    def _wanted(self, chromium: str, place: Path) -> dict[str, Any]:
        options = {
            "binary": chromium,
            "args": [*FLAGS, "--lang=en-US", f"--user-data-dir={place / 'profile'}"],
            "prefs": {"download.default_directory": str(self.downloads), "intl.accept_languages": "en-US"},
        }
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        return {"alwaysMatch": {"browserName": "chrome", **wanted}}

    def _wait_for_driver(self) -> None:
        limit = time.monotonic() + SECONDS
        while True:
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except requests.RequestException:
                assert time.monotonic() < limit, "chromedriver does not answer"
            time.sleep(0.05)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, self._url + path, json=body, timeout=SECONDS)
        value = answer.json()["value"]
        assert answer.ok, f"{method} {path}: {value}"
        return value

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=SECONDS)

    def close(self) -> None:
        """End the browser, then its driver."""
        try:
            self._call("DELETE", "")
        finally:
            self._end()

    # --- the page --------------------------------------------------------------------------------

    def go(self, url: str) -> None:
        """Open an address, and return once it has loaded."""
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *given: Any) -> Any:
        """What a function body returns in the page; a promise is waited for."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(given)})

    def until(self, script: str, *given: Any, seconds: float = SECONDS) -> Any:
        """Look until a function body returns something true, and return it."""
        limit = time.monotonic() + seconds
        while not (found := self.run(script, *given)):
            assert time.monotonic() < limit, f"not within {seconds:.0f} s: {script}\n{self.text()[:2000]}"
            time.sleep(0.05)
        return found

    def text(self, css: str = "body") -> str:
        """What is to be read in an element."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", css))

    def click(self, css: str) -> None:
        """Click as a person does: what is covered or hidden cannot be clicked."""
        self._call("POST", f"/element/{self._find(css)}/click", {})

    def write(self, css: str, text: str) -> None:
        """Type into a field in the place of what is there."""
        erase = "\ue009a\ue000\ue017"  # Control and A, Delete: WebDriver's own "clear" tells the page nothing
        self._call("POST", f"/element/{self._find(css)}/value", {"text": erase + text})

    def press(self, key: str) -> None:
        """Press one key on what has the focus; see WebDriver's table of keys."""
        actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def _find(self, css: str) -> str:
        return str(self._call("POST", "/element", {"using": "css selector", "value": css})[_ELEMENT])

    def complaints(self) -> list[str]:
        """What the console has got since it was last asked: errors, and what the policy has blocked."""
        found = self._call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in found if entry["level"] in ("SEVERE", "WARNING")]

    # --- the window ------------------------------------------------------------------------------

    def devtools(self, command: str, **given: Any) -> Any:
        """A command of the DevTools protocol."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": given})

    def look(
        self, scheme: str = "light", width: int = 1000, height: int = 800, motion: str = "", media: str = ""
    ) -> None:
        """`scheme`: light or dark; `motion`: "reduce"; `media`: "print" for a page as it is printed. A
        window of phone width is a phone's.
        """
        wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self.devtools("Emulation.setEmulatedMedia", media=media, features=features)
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def zone(self, name: str) -> None:
        """The time zone of the pages that are opened from now on; "" for the browser's own."""
        self.devtools("Emulation.setTimezoneOverride", timezoneId=name)

    def picture(self, file: Path, height: int) -> None:
        """The page from its top as a PNG, `height` pixels of it at most."""
        width, whole = self.run(
            "return [document.documentElement.clientWidth, document.documentElement.scrollHeight]"
        )
        clip = {"x": 0, "y": 0, "width": width, "height": min(whole, height), "scale": 1}
        made = self.devtools(
            "Page.captureScreenshot",
            format="png",
            clip=clip,
            captureBeyondViewport=True,
            optimizeForSpeed=False,
        )
        file.write_bytes(base64.b64decode(made["data"]))
