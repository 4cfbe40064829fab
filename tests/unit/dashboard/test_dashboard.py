"""The page: who may request it, what it may do, and what a browser shows."""

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest

from awsprov.dashboard.server import Page
from awsprov.dashboard.view import View
from awsprov.engine.event_log import EventLog, latest, under_way
from awsprov.engine.events import Event
from awsprov.errors import UsageError
from tests.unit.dashboard.chromium import Tab, browser

EVIL = '<img src=x onerror="document.title=1">'


class Shown:
    """A stack that needs no cloud."""

    picture = '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"><rect width="900" height="300"/></svg>'

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.builder = "pending"
        self.error = ""

    def document(self) -> dict[str, Any]:
        kinds = [("vpc", "network", "vpc-1", "available"), ("builder", "compute", "i-1", self.builder)]
        kinds += [("nat-1", "network", "", "creating"), ("api", "serving", "", "")]
        resources = [dict(zip(("name", "area", "id", "state"), kind, strict=True)) for kind in kinds]
        function = {"name": "predict", "state": "active", "version": "2", "published": 3, "healthy": True}
        routes = [{"route": "POST /predict", "url": "http://127.0.0.1/predict", "callable": True}]
        routes += [{"route": "GET /items/{id}", "url": "http://127.0.0.1/items", "callable": False}]
        functions = [{**function, "failures": [], "routes": routes, "sample": '{"ping": 1}'}]
        document = {"stack": "demo", "where": "here", "paused": False, "at": time.time(), "cost": "$1 a day."}
        events = [{"at": 1.0, "resource": "vpc", "step": "ready", "detail": EVIL}]
        return {**document, "resources": resources, "functions": functions, "events": events, "error": self.error}

    def ask(self, name: str, route: str, payload: str) -> dict[str, Any]:
        self.asked.append({"name": name, "route": route, "payload": payload})
        if payload == "{":
            raise UsageError("The request is not JSON.")
        return {
            "succeeded": True,
            "status": "HTTP 200",
            "seconds": 0.1,
            "body": '{"pong":1}',
            "log": f"START\n{EVIL}\n",
        }


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture(scope="module")
def server() -> Iterator[Page]:
    page = Page(cast("View", Shown()))
    serving = threading.Thread(target=page.serve, args=(600.0,))
    serving.start()
    yield page
    page.asked = -1000.0  # the last request is long ago
    serving.join(10)


@pytest.fixture
def page(server: Page, shown: Shown) -> Page:
    server.view = cast("View", shown)
    return server


def ask(
    page: Page, method: str = "GET", path: str = "/state", body: str = "", token: str = "", **headers: str
) -> tuple[int, Any, Any]:
    """One request; status, headers, and the answer's text."""
    connection = http.client.HTTPConnection("127.0.0.1", page.server_port, timeout=10)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, f"/{token or page.token}{path}", body or None, given)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()


def post(page: Page, **headers: str) -> int:
    body = json.dumps({"function": "predict", "route": "", "payload": "{}"})
    return ask(page, "POST", "/ask", body, **{"Content_Type": "application/json", **headers})[0]


# ---- who may ask

FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_other_names_and_pages_of_other_origins_are_refused(page: Page, shown: Shown, headers: dict[str, str]) -> None:
    assert ask(page, **headers)[0] == 403
    assert post(page, **headers) == 403
    assert shown.asked == []


@pytest.mark.parametrize("token", ["state", "x", "%00"])
def test_a_request_without_the_token_of_the_url_is_refused(page: Page, shown: Shown, token: str) -> None:
    body = json.dumps({"function": "predict", "route": "", "payload": "{}"})
    for path in ("", "/", "/state", "/picture.svg", "/page.js"):
        assert ask(page, path=path, token=token)[0] == 403
    assert ask(page, "POST", "/ask", body, token, Content_Type="application/json")[0] == 403
    assert shown.asked == []
    assert len(page.token) >= 32
    assert page.url == f"http://127.0.0.1:{page.server_port}/{page.token}/"


@pytest.mark.parametrize("length", ["-1", "x", "+2"])
def test_a_malformed_length_is_refused(page: Page, length: str) -> None:
    assert post(page, Content_Length=length) == 403


def test_our_own_page_is_answered(page: Page) -> None:
    ours = {"Origin": f"http://127.0.0.1:{page.server_port}", "Sec_Fetch_Site": "same-origin"}
    assert ask(page, **ours)[0] == 200
    assert post(page, **ours) == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_of_another_page_can_send_is_refused(page: Page, shown: Shown, kind: str) -> None:
    assert post(page, Content_Type=kind) == 403
    assert shown.asked == []


def test_a_request_that_lambda_would_not_take_is_not_read(page: Page) -> None:
    assert post(page, Content_Length=str(7 * 1024 * 1024)) == 403


def test_errors_have_awsprov_s_messages(page: Page) -> None:
    body = json.dumps({"function": "predict", "route": "", "payload": "{"})
    status, _, result = ask(page, "POST", "/ask", body, Content_Type="application/json")
    assert (status, json.loads(result)) == (400, {"error": "The request is not JSON."})


def test_only_this_machine_is_served(page: Page) -> None:
    assert page.server_address[0] == "127.0.0.1"
    assert ask(page, path="/../config.yaml")[0] == 404


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/state", "/nothing"])
def test_a_page_of_ours_loads_nothing_from_elsewhere(page: Page, path: str) -> None:
    headers = ask(page, path=path)[1]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


def test_its_files_name_no_other_host() -> None:
    for file in ("page.html", "page.css", "page.js"):
        text = files("awsprov.dashboard").joinpath(file).read_text()
        assert not re.search(r"https?://|//\w+\.\w", text), file


def test_it_ends_without_an_open_page(shown: Shown) -> None:
    began = time.monotonic()
    Page(cast("View", shown)).serve(0.2)
    assert time.monotonic() - began < 5


# ---- in a browser


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as tab:
        yield tab


def test_a_reader_sees_the_stack_live(page: Page, shown: Shown, tab: Tab) -> None:
    tab.open(page.url)
    tab.until("document.querySelectorAll('#resources td').length > 0")
    text = tab.text()
    assert "2 of 4 resources" in text
    assert "predict: active, version 2 of 3" in text
    assert re.search(r"builder\s+pending\s+i-1", text)
    assert re.search(r"nat-1\s+creating", text)
    assert re.search(r"api\s+missing", text)
    assert tab.until("document.getElementById('picture').naturalWidth") == 900
    shown.builder = "running"
    tab.until("document.body.innerText.includes('running')")
    shown.error = "The endpoint does not answer."
    tab.until("document.getElementById('error').innerText === 'The endpoint does not answer.'")
    assert tab.problems == []


def test_received_content_is_shown_as_text_and_never_run(page: Page, tab: Tab) -> None:
    tab.open(page.url)
    tab.until("document.getElementById('events').innerText.includes('onerror')")
    assert tab.value("document.title") == "demo - awsprov"
    assert tab.value("document.querySelectorAll('#events img').length") == 0
    assert tab.problems == []


def test_a_request_is_sent_and_its_answer_and_log_are_shown(page: Page, shown: Shown, tab: Tab) -> None:
    tab.open(page.url)
    tab.until("document.getElementById('payload').value.includes('ping')")
    assert tab.value("[...document.getElementById('route').options].map((each) => each.value)") == ["", "POST /predict"]
    tab.value("document.getElementById('route').value = 'POST /predict'")
    tab.value("document.getElementById('send').click()")
    assert tab.until("document.getElementById('outcome').textContent.startsWith('HTTP') && "
                     "document.getElementById('answer').textContent") == '{\n  "pong": 1\n}'  # fmt: skip
    assert EVIL in tab.value("document.getElementById('log').textContent")
    assert [(asked["name"], asked["route"], json.loads(asked["payload"])) for asked in shown.asked] == [
        ("predict", "POST /predict", {"ping": 1})
    ]
    tab.value("document.getElementById('payload').value = '{'")
    tab.value("document.getElementById('send').click()")
    tab.until("document.getElementById('outcome').textContent === 'The request is not JSON.'")
    assert not tab.value("document.getElementById('send').disabled")


def luminance(colour: str) -> float:
    """The relative luminance of `rgb(…)`, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


_COLOURS = """
[...document.querySelectorAll('h1, h2, label, button, .dim, .good, .bad, .busy, pre, td')].map((each) => {
  let behind = each;
  while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
  return [getComputedStyle(each).color, getComputedStyle(behind).backgroundColor];
})
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read_in_light_and_dark(page: Page, tab: Tab, tmp_path: Path, dark: bool) -> None:
    tab.open(page.url, dark=dark)
    tab.until("document.querySelectorAll('#resources td').length > 0")
    assert (luminance(tab.value("getComputedStyle(document.body).backgroundColor")) < 0.1) is dark
    for ink, paper in tab.value(_COLOURS):
        one, other = sorted((luminance(ink), luminance(paper)))
        assert (other + 0.05) / (one + 0.05) >= 4.5, f"{ink} on {paper}"  # WCAG 2, AA
    tab.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_of_the_window(page: Page, tab: Tab, width: int) -> None:
    tab.open(page.url, width=width)
    tab.until("document.querySelectorAll('#resources td').length > 0")
    assert tab.value("document.documentElement.scrollWidth") <= width


# ---- the event log


def test_the_event_log_keeps_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    log = EventLog(path, "awsprov up")
    log(Event("vpc", "looking"))
    assert not path.exists()  # nothing to tell yet
    for step in ("creating", "output", "unchanged", "ready"):
        log(Event("vpc", step))
    assert [each.step for each in latest(path, 10)] == ["began", "creating", "ready"]
    assert latest(path, 10)[0].detail == "awsprov up"
    assert [each.step for each in latest(path, 1)] == ["ready"]


def test_a_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventLog(path, "awsprov up")(Event("vpc", "ready"))
    path.write_text(path.read_text() + '{"resource": "sub')
    assert [each.step for each in latest(path, 10)] == ["began", "ready"]
    assert latest(tmp_path / "none", 10) == []


def test_the_event_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps({"resource": "vpc", "step": "ready", "detail": "x" * 200, "at": 1.0}) + "\n")
    path.write_text(path.read_text() * 4000)
    EventLog(path, "awsprov up")(Event("vpc", "deleted"))
    assert path.stat().st_size < 300_000
    assert len(latest(path, 10)) == 10


def test_what_is_under_way_is_what_the_last_run_has_begun_and_not_ended() -> None:
    now = time.time()
    events = [Event("vpc", "creating", at=now), Event("", "began", at=now), Event("nat-1", "creating", at=now)]
    events += [Event("subnet", "creating", at=now), Event("subnet", "ready", at=now)]
    events += [Event("old", "creating", at=now - 7200)]
    assert under_way(events) == {"nat-1": "creating"}
