"""Debian's chromium without a window, driven over its debugging pipe: JSON documents, each ended by a null byte.

The DevTools protocol over a pipe (`--remote-debugging-pipe`) needs nothing but the standard library.
"""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60.0  # seconds, on a busy machine
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
              "--hide-scrollbars", "--disable-background-networking", "--remote-debugging-pipe")  # fmt: skip


class Tab:
    """A page in the browser."""

    def __init__(self, process: "subprocess.Popen[bytes]", write: int, read: int) -> None:
        self._process, self._write, self._read = process, write, os.fdopen(read, "rb")
        self._number, self._session = 0, ""
        self.problems: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol, and its result."""
        self._number += 1
        document = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            document["sessionId"] = self._session
        os.write(self._write, json.dumps(document).encode() + b"\0")
        while (heard := self._hear()).get("id") != self._number:
            self._note(heard)
        assert "error" not in heard, heard
        return heard["result"]

    def _hear(self) -> Any:
        message = bytearray()
        while (byte := self._read.read(1)) != b"\0":
            assert byte, "chromium has ended"
            message += byte
        return json.loads(message)

    def _note(self, heard: Any) -> None:
        """Record errors of scripts, and what the security policy has refused."""
        params = heard.get("params", {})
        if heard.get("method") == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"]))
        if heard.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append(params["entry"]["text"])

    def open(self, url: str, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        """Go to a page, as a reader with that setting and that window."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=features)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Page.navigate", url=url)
        self.until(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    def value(self, script: str) -> Any:
        """Return the value of a JavaScript expression."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script: str) -> Any:
        """The value of an expression, as soon as it is true."""
        ends = time.monotonic() + PATIENCE
        while not (value := self.value(script)):
            assert time.monotonic() < ends, f"{script} did not come true; the page says: {self.text()}"
            time.sleep(0.1)
        return value

    def text(self) -> str:
        """Return all visible text."""
        return str(self.value("document.body ? document.body.innerText : ''"))

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        shown = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        answer = self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=shown)
        path.write_bytes(base64.b64decode(answer["data"]))


@contextmanager
def browser() -> Iterator[Tab]:
    """A browser with one tab. Skips the test where there is none; never in CI, which must have one."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and not os.environ.get("CI"):
        pytest.skip("no chromium on this machine: `apt-get install chromium`")
    assert found, "CI must have chromium: .ci/run installs it"
    to_browser, from_browser = _pipe(), _pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = _started([found, *_ARGUMENTS, f"--user-data-dir={profile}"], to_browser[0], from_browser[1])
        os.close(to_browser[0])
        os.close(from_browser[1])
        try:
            yield Tab(process, to_browser[1], from_browser[0])
        finally:
            process.kill()
            process.wait()


def _pipe() -> tuple[int, int]:
    """A pipe whose ends have high numbers: the browser's own are 3 and 4."""
    low = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low]
    for end in low:
        os.close(end)
    return high[0], high[1]


def _started(command: list[str], read: int, write: int) -> "subprocess.Popen[bytes]":
    """The browser, with its end of the pipes at the numbers that it expects: 3 and 4."""
    words = ["bash", "-c", f'exec "$@" 3<&{read} 4>&{write}', "bash", *command]
    return subprocess.Popen(words, pass_fds=(read, write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
