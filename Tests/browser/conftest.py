"""A browser that keeps what it saw: screenshots of every step, and whatever the page complained about."""
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
ARTIFACTS = Path(os.environ.get("AQUARIUM_ARTIFACTS", ROOT / "Tests/artifacts"))
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}


def pytest_configure(config):
    # A runner whose time is up sends SIGTERM: as with Ctrl-C, the lab is then taken down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def url():
    """The page of a node that is not yet a cluster: the one in AQUARIUM_URL, else a lab node of its own."""
    if address := os.environ.get("AQUARIUM_URL"):
        yield address.rstrip("/")
        return
    check = lab("check", limit=60)
    if check.returncode != 0:
        pytest.skip(f"no AQUARIUM_URL, and no lab: {check.stdout.strip()}")
    port = free_port()
    try:
        up = lab("up", "n1", "--forward", str(port), limit=900)
        assert up.returncode == 0, up.stdout
        yield f"http://127.0.0.1:{port}"
    finally:
        lab("down", limit=300)


@pytest.fixture
def in_node(url):
    """Runs a command in the lab node that the page comes from."""
    if os.environ.get("AQUARIUM_URL"):
        pytest.skip("the node of AQUARIUM_URL can't be disturbed from here")

    def run(*command: str):
        done = lab("exec", "n1", "--", *command, limit=150)
        assert done.returncode == 0, done.stdout

    return run


def lab(*arguments: str, limit: int) -> subprocess.CompletedProcess:
    """Runs lab/lab for a lab that is not the one of `make run`."""
    environment = os.environ | {
        "LAB_DIR": "/var/tmp/aquarium-lab-page", "PREFIX": "aqpage", "SUBNET": "10.78.0"}
    return subprocess.run(
        [ROOT / "lab/lab", *arguments], env=environment, timeout=limit, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def browser(url):
    chromium = os.environ.get("AQUARIUM_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


class Complaints:
    """Errors on the page's console, among them what the Content-Security-Policy refused. There must be none."""

    def __init__(self, page: Page):
        self.texts: list[str] = []
        self.expected: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.texts.append(message.text))
        page.on("pageerror", lambda error: self.texts.append(str(error)))

    def expect(self, part: str):
        """The browser itself reports an answer that is no success: here one is wanted."""
        self.expected.append(part)

    def rest(self) -> list[str]:
        return [text for text in self.texts if not any(part in text for part in self.expected)]


@pytest.fixture
def complaints(page):
    return page.complaints


@pytest.fixture
def page(browser, url):
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce", color_scheme="light", base_url=url)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.complaints = Complaints(page)
    yield page
    rest = page.complaints.rest()
    context.close()
    assert rest == []


@pytest.fixture
def keep():
    """Keeps a screenshot as at a desk by day and on a phone by night, and checks that the phone has no need to scroll
    sideways."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str):
        page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=ARTIFACTS / f"{name}-phone.png", full_page=True)
        width = page.evaluate("document.documentElement.scrollWidth")
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light")
        assert width <= PHONE["width"], f"{name} is {width} pixels wide on a phone"

    return keep
