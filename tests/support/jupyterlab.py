"""JupyterLab in headless Chromium, driven through Chromium's debugging protocol: it opens, edits, runs and saves."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 120.0  # seconds until a program answers; a busy machine is slow

OPEN = """
(async () => {
  await window.jupyterapp.restored
  const panel = await window.jupyterapp.commands.execute("docmanager:open", {path: PATH, factory: "Notebook"})
  await panel.context.ready
  await panel.sessionContext.ready
  window.panel = panel
  return panel.content.widgets.map(({model}) => ({
    type: model.type, source: model.sharedModel.getSource(), metadata: model.sharedModel.getMetadata()
  }))
})()"""
WRITE = "panel.content.widgets[INDEX].model.sharedModel.setSource(SOURCE)"
RUN = """
(async () => {
  panel.content.activeCellIndex = INDEX
  await window.jupyterapp.commands.execute("notebook:run-cell")
  const cell = panel.content.widgets[INDEX]
  return cell.outputArea ? cell.outputArea.node.innerText : ""
})()"""
SAVE = "panel.context.save().then(() => panel.context.model.dirty)"


@dataclass
class Page:
    """A tab of the browser."""

    socket: Any
    number: int = field(default=0)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def run(self, script: str, **values: Any) -> Any:
        """Return what a script evaluates to, after its promise is kept. ``values`` replace words in capitals."""
        for name, value in values.items():
            script = re.sub(rf"\b{name}\b", lambda _, value=value: json.dumps(value), script)  # type: ignore[misc]
        found = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until a script evaluates to something true."""
        deadline = time.monotonic() + PATIENCE
        while not self.run(script):
            assert time.monotonic() < deadline, script
            time.sleep(0.2)

    def picture(self, path: Path) -> None:
        """Save what the window shows."""
        import base64

        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))


@contextmanager
def jupyterlab(folder: Path, temporary: Path) -> Iterator[Page]:
    """Serve ``folder`` with JupyterLab and open it in a browser; both end with the block."""
    from websocket import create_connection

    port = _free_port()
    environment = {
        **os.environ,
        **{f"JUPYTER_{kind}_DIR": str(temporary / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")},
        "JUPYTERLAB_SETTINGS_DIR": str(temporary / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(temporary / "workspaces"),
    }
    options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    server = [sys.executable, "-m", "jupyterlab", *options]
    debugging = _free_port()
    browser = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"]
    browser += [f"--user-data-dir={temporary / 'profile'}", f"--remote-debugging-port={debugging}"]
    browser += ["--remote-allow-origins=*", "--disable-dev-shm-usage", "about:blank"]
    with _running(server, environment, temporary / "lab.log"), _running(browser, None, temporary / "browser.log"):
        _wait_for(f"http://127.0.0.1:{port}/api")
        tabs = json.loads(_wait_for(f"http://127.0.0.1:{debugging}/json"))
        address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        page = Page(create_connection(address, timeout=600))
        try:
            page.ask("Page.navigate", url=f"http://127.0.0.1:{port}/lab")
            page.wait_for("Boolean(window.jupyterapp)")
            yield page
        finally:
            page.socket.close()


@contextmanager
def _running(command: list[str], environment: dict[str, str] | None, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def _wait_for(url: str) -> bytes:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            assert time.monotonic() < deadline, url
            time.sleep(0.2)
