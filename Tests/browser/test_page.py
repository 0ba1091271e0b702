"""The page in a real browser, against a real node, from the welcome to the dashboard.

It boots a lab node for this (`make release web`, `lab/lab build` come first), or takes one that is there:

    AQUARIUM_URL=http://127.0.0.1:8080 pytest Tests/browser

The tests build on each other in the order in which they stand here. A node that is a cluster already is still good
for the tests of the dashboard.
"""
import json
import re
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

WEB = Path(__file__).parents[2] / "web"
SECOND = 1000
MINUTE = 60 * SECOND


def bootstrap(page: Page) -> dict:
    return page.request.get("/api/bootstrap/status").json()


def status(page: Page) -> str:
    return bootstrap(page)["status"]


@pytest.fixture
def fresh(page):
    """A page of a node on which nothing was done yet."""
    if (now := status(page)) != "none":
        pytest.skip(f"the node's bootstrap is '{now}', not 'none'")
    page.goto("/")
    return page


@pytest.fixture
def cluster(page):
    """A page of a node that is a cluster."""
    if (now := status(page)) != "done":
        pytest.skip(f"the node's bootstrap is '{now}', not 'done'")
    page.goto("/")
    expect(page.get_by_role("region", name="Health")).to_be_visible()
    return page


def tab_to(page: Page, target: Locator):
    """Moves the focus by the Tab key alone, as somebody without a mouse does."""
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key does not reach {target}")


def press(page: Page, name: str):
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled(timeout=2 * MINUTE)
    tab_to(page, button)
    page.keyboard.press("Enter")


def unfold(page: Page, title: str):
    tab_to(page, page.locator("summary", has_text=title))
    page.keyboard.press("Enter")


def to_choices(page: Page):
    press(page, "Continue")
    expect(page.get_by_role("heading", name="Name, address and disks")).to_be_focused()


def to_plan(page: Page):
    press(page, "Review the plan")
    expect(page.get_by_role("heading", name="Review the plan")).to_be_focused(timeout=2 * MINUTE)


def create(page: Page):
    tab_to(page, page.get_by_role("checkbox"))
    page.keyboard.press("Space")
    press(page, "Create the cluster")


def test_types_are_those_of_the_gateway(page, tmp_path):
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(page.request.get("/api/openapi.json").json()))
    generated = subprocess.run(
        [WEB / "generate-types", document], check=True, capture_output=True, text=True, timeout=30).stdout
    assert generated == (WEB / "src/api/types.ts").read_text()


def test_welcome_tells_whether_the_machine_is_fit(fresh, keep):
    expect(fresh.get_by_role("list", name="Requirements")).to_be_visible(timeout=2 * MINUTE)
    expect(fresh.locator("main")).to_match_aria_snapshot("""
        - list "Steps":
          - listitem: Check
          - listitem: Choose
          - listitem: Review
          - listitem: Create
        - heading "Welcome to Aquarium" [level=1]
        - heading "This machine" [level=2]
        - list "Requirements"
        - heading "Disks" [level=2]
        - list "Disks"
        - button "Check again"
        - button "Continue"
    """)
    known = fresh.request.get("/api/requirements").json()
    requirements = fresh.get_by_role("list", name="Requirements").get_by_role("listitem")
    assert requirements.count() == len(known["rows"])
    assert any(disk["is_system"] for disk in known["disks"]), "no machine is without a system disk"
    for disk in known["disks"]:
        row = fresh.get_by_role("list", name="Disks").get_by_role("listitem").filter(has_text=disk["path"]).first
        expect(row).to_contain_text("System disk" if disk["is_system"] else re.compile("[Uu]sable"))
        for reason in disk["reasons"]:
            expect(row).to_contain_text(reason)
    keep(fresh, "1-welcome")


def test_check_again_looks_again(fresh):
    expect(fresh.get_by_role("button", name="Check again")).to_be_enabled(timeout=2 * MINUTE)
    with fresh.expect_response("**/api/requirements", timeout=2 * MINUTE):
        press(fresh, "Check again")


def test_what_is_wrong_is_shown_at_its_field(fresh, complaints):
    complaints.expect("the server responded with a status of 4")
    to_choices(fresh)
    name = fresh.get_by_label("Name of this node")
    name.fill("-n1.example.org")
    press(fresh, "Review the plan")
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description(re.compile("host name|domain name"))

    name.fill("n1")
    expect(name).not_to_have_attribute("aria-invalid", "true")
    unfold(fresh, "Advanced")
    network = fresh.get_by_label("Cluster network")
    network.fill("not a network")
    unfold(fresh, "Advanced")
    press(fresh, "Review the plan")
    expect(network).to_be_focused()


def test_without_a_disk_there_is_no_plan(fresh):
    to_choices(fresh)
    chosen = fresh.get_by_role("checkbox", checked=True)
    while chosen.count() > 0:
        tab_to(fresh, chosen.first)
        fresh.keyboard.press("Space")
    press(fresh, "Review the plan")
    expect(fresh.get_by_role("alert").filter(has_text="at least one disk")).to_be_visible()
    assert status(fresh) == "none"


def test_an_image_that_is_not_there_is_refused_at_its_field(fresh, complaints):
    complaints.expect("the server responded with a status of 4")
    to_choices(fresh)
    unfold(fresh, "Advanced")
    image = fresh.get_by_label("Container image of Ceph")
    image.fill("localhost/no-such-image:1")
    press(fresh, "Review the plan")
    expect(image).to_have_attribute("aria-invalid", "true")
    assert status(fresh) == "none"


def test_a_failure_is_explained_and_can_be_tried_again_or_cleaned_up(fresh, keep, in_node):
    to_choices(fresh)
    to_plan(fresh)
    with fresh.expect_response("**/api/bootstrap/start", timeout=2 * MINUTE) as started:
        create(fresh)
    assert started.value.ok
    # cephadm notices this only when monitor and manager run.
    in_node("systemctl", "stop", "ssh")
    expect(fresh.get_by_role("heading", name="could not be created")).to_be_visible(timeout=5 * MINUTE)
    expect(fresh.locator("main").get_by_role("alert").first).not_to_be_empty()
    expect(fresh.get_by_role("button", name="Try again")).to_be_enabled()
    keep(fresh, "5-failed")

    first = bootstrap(fresh)
    with fresh.expect_response("**/api/bootstrap/retry") as retried:
        press(fresh, "Try again")
    assert retried.value.ok
    limit = time.monotonic() + 300
    while (again := bootstrap(fresh))["status"] != "failed" or again["ended_at"] == first["ended_at"]:
        assert time.monotonic() < limit, again
        fresh.wait_for_timeout(SECOND)
    assert again["error"] == first["error"]
    expect(fresh.get_by_role("button", name="Try again")).to_be_enabled()

    press(fresh, "Clean up…")
    dialog = fresh.get_by_role("dialog", name="Clean up this node?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    fresh.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert status(fresh) == "failed"

    press(fresh, "Clean up…")
    press(fresh, "Clean up")
    expect(fresh.get_by_role("heading", name="Welcome to Aquarium")).to_be_visible(timeout=5 * MINUTE)
    assert status(fresh) == "none"
    in_node("systemctl", "start", "ssh")


def test_from_the_welcome_to_the_dashboard_by_keyboard(fresh, keep):
    to_choices(fresh)
    known = fresh.request.get("/api/requirements").json()
    chosen = known["defaults"]["disks"]
    expect(fresh.get_by_label("Name of this node")).to_have_value(known["defaults"]["hostname"])
    expect(fresh.get_by_role("checkbox", checked=True)).to_have_count(len(chosen))
    for disk in (disk for disk in known["disks"] if disk["is_system"]):
        expect(fresh.get_by_role("checkbox", name=disk["path"] + " ")).to_be_disabled()
    keep(fresh, "2-choices")

    to_plan(fresh)
    expect(fresh.get_by_role("button", name="Create the cluster")).to_be_disabled()
    for disk in chosen:
        expect(fresh.locator(".erase")).to_contain_text(disk["path"])
    unfold(fresh, "The exact commands")
    expect(fresh.get_by_role("region", name="Commands")).to_contain_text("bootstrap")
    keep(fresh, "3-plan")

    create(fresh)
    # The appliance looks at the disks once more before it starts.
    expect(fresh.get_by_role("heading", name="Creating your cluster")).to_be_visible(timeout=2 * MINUTE)
    expect(fresh.get_by_role("list", name="Phases").get_by_role("listitem")).to_have_count(7)
    fresh.reload()
    expect(fresh.get_by_role("progressbar", name="Overall progress")).to_be_visible()
    unfold(fresh, "Live log")
    expect(fresh.get_by_role("region", name="Live log")).to_contain_text("Creating mon", timeout=5 * MINUTE)
    keep(fresh, "4-progress")

    expect(fresh.get_by_role("heading", name="Your cluster", exact=True)).to_be_visible(timeout=10 * MINUTE)
    expect(fresh.get_by_text("Your cluster is ready.")).to_be_visible()


def test_dashboard_shows_the_cluster(cluster, keep):
    for name in ("Hosts", "OSDs", "Disks", "Daemons", "Processes"):
        expect(cluster.get_by_role("table", name=name)).to_be_visible(timeout=MINUTE)
    expect(cluster.locator("main")).to_match_aria_snapshot("""
        - heading "Your cluster" [level=1]
        - region "Health"
        - region "Capacity":
          - heading "Capacity" [level=2]
          - meter "Capacity used"
        - region "Activity"
        - region "Services":
          - term: OSDs
          - definition: /\\d+ of \\d+ up/
        - region "Hosts":
          - table "Hosts":
            - rowgroup:
              - row "Name Address Labels State"
        - region "OSDs":
          - table "OSDs":
            - rowgroup:
              - row "OSD Host Class State Size Used"
        - region "Disks"
        - region "Daemons"
        - region "The appliance itself"
    """)
    osds = cluster.request.get("/api/osds").json()["osds"]
    rows = cluster.get_by_role("table", name="OSDs").get_by_role("row")
    assert rows.count() == len(osds) + 1
    expect(rows.filter(has_text="up, in")).to_have_count(len(osds))
    unfold(cluster, "Cluster log")
    expect(cluster.get_by_role("region", name="Cluster log")).to_be_visible()
    keep(cluster, "6-dashboard")


def test_a_lost_connection_is_seen_and_mended(cluster, complaints, keep):
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")
    main = cluster.locator("main")
    banner = cluster.get_by_role("alert").filter(has_text="Connection lost")
    expect(banner).to_have_count(0)
    cluster.context.set_offline(True)
    expect(banner).to_have_text(re.compile(r"what you see is from \d\d:\d\d:\d\d"))
    expect(main).to_have_class("is-stale")
    keep(cluster, "7-connection-lost")
    cluster.context.set_offline(False)
    expect(banner).to_have_count(0)
    expect(main).not_to_have_class("is-stale")


def only_tell(page: Page, *events: tuple[str, dict]):
    """Puts a stream of these events in the place of the appliance's; `tell` adds to it, else it stays silent."""
    page.add_init_script("""
        const real = window.fetch;
        window.fetch = async (to, init) => to !== "/api/events" || !navigator.onLine ? real(to, init) : new Response(
            new ReadableStream({
                start(stream) {
                    window.tell = (text) => stream.enqueue(new TextEncoder().encode(text));
                    window.tell(": heartbeat\\n\\n" + %s);
                    init.signal.addEventListener("abort", () => stream.error(init.signal.reason));
                },
            }));
    """ % json.dumps("".join(as_text(*event) for event in events)))


def tell(page: Page, name: str, data: dict):
    page.evaluate("text => window.tell(text)", as_text(name, data))


def as_text(name: str, data: dict) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


PROBLEM = {
    "type": "about:blank", "title": "Unavailable", "status": 503, "kind": "agent.unavailable", "retryable": True,
    "detail": "bootstrap-agent does not answer.", "hint": "It is started again: wait a little."}


def bootstrap_state(status: str, **more) -> dict:
    """What bootstrap.status answers in a state that a test can't bring about in time, or not at will."""
    return {
        "status": status, "fraction": 0.2, "log": [], "actions": [],
        "phases": [{"phase": "prepare", "title": "Prepare the node", "state": "running"}]} | more


def only_answer_status(page: Page, state: dict):
    page.route("**/api/bootstrap/status", lambda route: route.fulfill(json=state))


def test_what_cannot_be_told_is_held(page):
    """While bootstrap-agent can't be asked, the state is from before: nothing may be pressed on its strength."""
    failed = bootstrap_state(
        "failed", actions=["retry", "clean_up"], error={
            "phase": "prepare", "message": "It broke.", "hint": "Look at `journalctl`."})
    for state, names in ((failed, ("Try again", "Clean up…")), (bootstrap_state("none"), ("Check again",))):
        only_answer_status(page, state)
        only_tell(page, ("bootstrap", state))
        page.goto("/")
        notice = page.get_by_role("alert").filter(has_text=PROBLEM["detail"])
        for name in names:
            expect(page.get_by_role("button", name=name)).to_be_enabled(timeout=2 * MINUTE)
        expect(notice).to_have_count(0)
        if state is failed:
            expect(page.get_by_role("alert").get_by_role("code")).to_have_text("journalctl")

        tell(page, "problem", {"topic": "bootstrap", "problem": PROBLEM})
        expect(notice).to_contain_text(re.compile(r"What you see is from \d\d:\d\d:\d\d"))
        for button in page.get_by_role("button").all():
            expect(button).to_be_disabled()
        expect(page.locator(".screen")).to_have_class(re.compile("is-stale"))

        tell(page, "bootstrap", state)
        expect(notice).to_have_count(0)
        for name in names:
            expect(page.get_by_role("button", name=name)).to_be_enabled()


def test_a_clock_stands_while_nothing_is_heard(page, complaints):
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")
    begin = datetime.now(timezone.utc) - timedelta(minutes=3)
    state = bootstrap_state("running", started_at=begin.isoformat())
    only_answer_status(page, state)
    only_tell(page, ("bootstrap", state))
    page.goto("/")
    elapsed = page.locator(".elapsed").first

    def stands() -> bool:
        before = elapsed.inner_text()
        page.wait_for_timeout(2.5 * SECOND)
        return elapsed.inner_text() == before

    expect(elapsed).to_have_text(re.compile("^3 min"))
    assert not stands()
    tell(page, "problem", {"topic": "bootstrap", "problem": PROBLEM})
    expect(page.get_by_role("alert").filter(has_text=PROBLEM["detail"])).to_be_visible()
    assert stands()
    tell(page, "bootstrap", state)
    assert not stands()
    page.context.set_offline(True)
    expect(page.get_by_role("alert").filter(has_text="Connection lost")).to_be_visible()
    assert stands()


def test_a_list_of_an_hour_ago_is_marked_as_old(page, complaints):
    """A computer that wakes up shows what it saw before it slept, until it is told anew."""
    complaints.expect("the server responded with a status of")
    hosts = {"hosts": [{"name": "n1", "address": "10.0.0.1", "labels": [], "status": ""}],
             "freshness": {"is_stale": False}}
    held = []
    page.clock.install()
    page.route("**/api/hosts", lambda route: route.fulfill(json=hosts))
    done = bootstrap_state("done", phases=[])
    only_answer_status(page, done)
    only_tell(page, ("bootstrap", done))
    page.goto("/")
    panel = page.get_by_role("region", name="Hosts")
    mark = panel.get_by_text(re.compile(r"from \d\d:\d\d:\d\d"))
    expect(panel.get_by_role("table")).to_be_visible()
    expect(mark).to_have_count(0)

    page.unroute("**/api/hosts")
    page.route("**/api/hosts", lambda route: held.append(route))
    page.clock.set_system_time(datetime.now() + timedelta(hours=1))
    expect(mark).to_be_visible()
    expect(panel.locator(".is-stale")).to_be_visible()
    while not held:
        page.wait_for_timeout(SECOND)
    held[0].fulfill(json=hosts)
    expect(mark).to_have_count(0)


def test_silence_is_taken_for_a_lost_connection(page):
    """The stream stays open but says nothing more: after the limit the page must not pass for live."""
    only_tell(page)
    page.goto("/")
    banner = page.get_by_role("alert").filter(has_text="Connection lost")
    page.wait_for_timeout(10 * SECOND)
    expect(banner).to_have_count(0)
    expect(banner).to_be_visible(timeout=15 * SECOND)
