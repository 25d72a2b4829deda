"""A headless Chromium, driven over a pipe by its DevTools protocol: no library, no port.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")
PATIENCE = 60.0
"""Seconds that a browser may take for anything."""


def find_chromium() -> str | None:
    """Return the path of an installed Chromium, None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One browser with one page.

    Args:
        program: its path.
        profile: an empty folder.

    Attributes:
        errors: what the console complained about.
    """

    def __init__(self, program: str, profile: Path) -> None:
        self.errors: list[str] = []
        self._ids, self._rest, self._session = 0, b"", ""
        to_browser, from_us = os.pipe()
        from_browser, to_us = os.pipe()
        # The browser reads from its descriptor 3 and writes to 4.
        command = f'exec 3<&{to_browser} 4>&{to_us}; exec "$0" "$@"'
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--remote-debugging-pipe",
            "--no-first-run",
            f"--user-data-dir={profile}",
        ]
        self._process = subprocess.Popen(
            ["bash", "-c", command, program, *options],
            pass_fds=(to_browser, to_us),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(to_us)
        self._out, self._in = from_us, from_browser
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Runtime", "Page", "Log"):
            self.call(f"{domain}.enable")
        self._empty = profile.parent / f"{profile.name}.html"
        self._empty.write_text("<!doctype html><body data-state='empty'>")

    def close(self) -> None:
        """End the browser."""
        with contextlib.suppress(OSError):
            os.close(self._out)
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._in)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._ids += 1
        message: dict[str, Any] = {"id": self._ids, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while True:
            answer = self._read()
            if answer.get("id") == self._ids:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], PATIENCE)
            chunk = os.read(self._in, 1 << 20) if ready else b""
            assert chunk, "the browser does not answer"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"])[:500])
        if event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.errors.append(json.dumps(params["args"])[:500])
        if event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])

    def open(self, path: Path, width: int = 1100, height: int = 760) -> None:
        """Open a file in a window of that size, and wait until its scripts have run.

        It finds nothing stored: all files share one storage.
        """
        self.resize(width, height)
        self.call("Page.navigate", url=self._empty.resolve().as_uri())
        self.wait("document.body && document.body.dataset.state === 'empty'")
        self.run("localStorage.clear()")
        self.call("Page.navigate", url=path.resolve().as_uri())
        state = "document.body && document.body.dataset.state"
        self.wait(f"{state} !== 'empty' && document.readyState === 'complete' && {state}")

    def reload(self) -> None:
        """Load the page again, with what it has stored."""
        self.run("window.isOld = true")
        self.call("Page.reload")
        loaded = "document.readyState === 'complete' && document.body.dataset.state"
        self.wait(f"!window.isOld && {loaded}")

    def resize(self, width: int, height: int, dark: bool = False) -> None:
        """Give the window a size in points; narrow ones are phones."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def run(self, expression: str) -> Any:
        """Return the value of an expression in the page; promises are awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, condition: str) -> Any:
        """Wait until a condition of the page is true and return its value."""
        end = time.monotonic() + PATIENCE
        while not (value := self.run(condition)):
            assert time.monotonic() < end, f"the page never came to: {condition}"
            time.sleep(0.02)
        return value

    def click(self, selector: str) -> None:
        """Press the middle of an element with the mouse."""
        box = self.run(
            f"(() => {{ const e = document.querySelector({selector!r}); e.scrollIntoView({{block:"
            "'center'}}); const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]"
            " })()".replace("{{", "{").replace("}}", "}")
        )
        x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, key: str) -> None:
        """Press and release a key."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if kind == "keyDown" and text else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, **typed)

    def picture(self, path: Path) -> None:
        """Save what the window shows as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
