"""Workers, their pool and their logs, without a running cloud."""

import asyncio
import io
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto.logs.models import LogEvent, logs_backends

from awsprov.local import logs, uv
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.event_loop import EventLoop
from awsprov.local.lambda_ import invocations, pool, runtime_client, runtimes, sandbox, workers
from awsprov.local.lambda_.invocations import Invocations
from awsprov.local.lambda_.log_framing import LogParser
from awsprov.local.lambda_.pool import NoWorkerError, Pool
from awsprov.local.lambda_.sandbox import WorkerConfig
from awsprov.local.lambda_.targets import Target
from awsprov.local.logs import LogLine
from awsprov.local.wire import ServiceError
from tests.local.conftest import until
from tests.local.serving.conftest import APP, CONFIG, PYTHON, Start, payload, run


def test_an_init_that_is_too_long_is_repeated_inside_the_invocation(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workers, "INIT_LIMIT", 0.7)
    source = (
        "import os, time, pathlib\n"
        f"mark = pathlib.Path({str(tmp_path / 'mark')!r})\n"
        "first = not mark.exists()\n"
        "mark.touch()\n"
        "if first: time.sleep(60)\n"
        "def handler(e, c): return 'second'\n"
    )
    invocation = run(start(source))
    assert payload(invocation) == b'"second"'
    assert [line.message.split(":")[0] for line in invocation.lines][:2] == [
        "INIT_REPORT Init Duration",
        "START RequestId",
    ]
    assert invocation.lines[0].message.endswith("Status: timeout\n")
    assert "Init Duration" not in invocation.report(CONFIG)


def test_an_init_that_is_too_long_twice_ends_at_the_functions_timeout(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "INIT_LIMIT", 0.3)
    invocation = run(start("import time; time.sleep(60)", replace(CONFIG, timeout=1)))
    assert b"Task timed out after 1.00 seconds" in payload(invocation)


def test_a_warm_worker_that_requests_its_next_event_late_is_not_restarted(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "INIT_LIMIT", 3.0)
    source = (
        "import os, time, runtime_client\n"
        "ask = runtime_client.next\n"
        "runtime_client.next = lambda: (time.sleep(0.3), ask())[1]\n"
        "def handler(e, c): return os.getpid()\n"
    )
    worker = start(source)
    first = payload(run(worker))
    time.sleep(3.0)  # it is older than the init limit
    second = run(worker)  # it requests the event after its pause
    third = run(worker)  # the event is there before the request
    assert payload(second) == payload(third) == first
    assert not any("INIT_REPORT" in line.message for line in third.lines)


def test_the_python_runtime_client_behaves_like_the_compiled_one(start: Start, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    shutil.copy(str(runtime_client.__file__), plain)
    worker = start(APP.read_text(), PYTHONPATH=str(plain))
    assert str(plain).encode() in payload(run(worker, b'{"do": "import", "name": "runtime_client"}'))
    first = run(worker, b'{"do": "facts"}')
    assert b'"request": "1-2-3"' in payload(first)
    assert b'"left": ' in payload(first)
    failed = run(worker, b'{"do": "fail"}')
    assert failed.outcome
    assert failed.outcome.error == "Unhandled"
    assert b"ValueError" in payload(failed)
    assert len(payload(run(worker, b'{"do": "large", "size": 5000000}'))) == 5_000_002


LARGE = """
import http.client, os, time
address, _, secret = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
connection = http.client.HTTPConnection(address)
connection.request("GET", f"/{secret}/2018-06-01/runtime/invocation/next")
time.sleep(float(os.environ["PAUSE"]))
event = connection.getresponse().read()
connection.request("POST", f"/{secret}/2018-06-01/runtime/invocation/1-2-3/response", str(len(event)))
connection.getresponse().read()
"""


def test_an_event_larger_than_a_socket_buffer_arrives_whole_or_the_function_times_out(start: Start) -> None:
    """The event loop serves others meanwhile: it does not wait until the worker reads."""
    event = b'"' + b"x" * 20_000_000 + b'"'
    assert payload(run(start(LARGE, PAUSE="0.5"), event)) == str(len(event)).encode()
    silent = run(start(LARGE, replace(CONFIG, timeout=1), PAUSE="60"), event)
    assert b"Task timed out after 1.00 seconds" in payload(silent)


CLOUD = """
import asyncio, sys, time
from pathlib import Path
from awsprov.local.cloud import Cloud
from awsprov.local.lambda_ import sandbox
from awsprov.local.lambda_.invocation import Invocation
from awsprov.local.lambda_.sandbox import Sandbox
from awsprov.local.lambda_.targets import Target
from awsprov.local.lambda_.workers import Worker
from tests.local.serving.conftest import APP, CONFIG, SESSION, package
runtime, directory = Path(sys.argv[1]), Path(sys.argv[2])
cloud = Cloud(directory, 1)
sandbox.unpack(cloud, "code", package(APP.read_text()))
own = Sandbox(runtime, sandbox.code_directory(cloud, "code"), cloud.make_directory("scratch"), "stream", SESSION)
worker = Worker(CONFIG, own, sandbox.environment(cloud, CONFIG, own))
for event in (b'{}', sys.argv[3].encode()):
    invocation = Invocation("id", "arn", event, init=0.0)
    worker.begin(invocation)
    if event != b'{}':
        print("busy", flush=True)
    asyncio.run(worker.advance(time.monotonic() + 60))
    if event == b'{}':
        print(invocation.outcome.payload.decode(), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("event", ["{}", '{"do": "sleep", "seconds": 60}'])
def test_a_worker_ends_with_the_cloud_even_by_kill_9(runtime: Path, tmp_path: Path, event: str) -> None:
    command = [sys.executable, "-c", CLOUD, str(runtime), str(tmp_path), event]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cloud:
        assert cloud.stdout
        pid = int(cloud.stdout.readline().rpartition('"pid": ')[2].rstrip("}\n"))
        if "sleep" in event:
            cloud.stdout.readline()
        os.kill(pid, 0)
        cloud.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 3
    while exists(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return not Path("/proc").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


class Idle:
    """A worker without a process."""

    def __init__(self, config: WorkerConfig, name: str) -> None:
        self.config, self.name, self.idle_since = config, name, time.monotonic()
        self.retired = self.closed = False

    def alive(self) -> bool:
        return not (self.retired or self.closed)

    def close(self) -> None:
        self.closed = True

    kill = close


@pytest.fixture
def workers_pool() -> Iterator[Pool]:
    create: Any = Idle
    pool = Pool(create)
    yield pool
    pool.close()


async def take(pool: Pool, config: WorkerConfig = CONFIG, seconds: float = 0.05) -> Any:
    return (await pool.take(config, time.monotonic() + seconds))[0]


def test_a_pool_reuses_the_last_worker_and_limits_those_of_a_function(workers_pool: Pool) -> None:
    async def scenario() -> None:
        taken = [await take(workers_pool) for _ in range(pool.PER_FUNCTION)]
        with pytest.raises(NoWorkerError):
            await take(workers_pool)
        asyncio.get_running_loop().call_later(0.05, workers_pool.give, taken[1])
        assert await take(workers_pool, seconds=5) is taken[1]
        workers_pool.give(taken[0])
        workers_pool.give(taken[2])
        assert await take(workers_pool) is taken[2]

    asyncio.run(scenario())


def test_workers_are_given_in_the_order_in_which_they_are_waited_for(workers_pool: Pool) -> None:
    served: list[int] = []

    async def wait(number: int) -> None:
        await take(workers_pool, seconds=5)
        served.append(number)

    async def scenario() -> None:
        taken = [await take(workers_pool) for _ in range(pool.PER_FUNCTION)]
        waiting = [asyncio.create_task(wait(number)) for number in range(pool.PER_FUNCTION)]
        with pytest.raises(NoWorkerError):
            await asyncio.create_task(take(workers_pool, seconds=0.01))
        for worker in taken:
            workers_pool.give(worker)
        await asyncio.gather(*waiting)

    asyncio.run(scenario())
    assert served == list(range(pool.PER_FUNCTION))


def test_who_gives_up_leaves_the_worker_to_others_and_is_forgotten(workers_pool: Pool) -> None:
    async def scenario() -> None:
        taken = [await take(workers_pool) for _ in range(pool.PER_FUNCTION)]
        cancelled, patient = (asyncio.create_task(take(workers_pool, seconds=5)) for _ in range(2))
        await asyncio.sleep(0)
        workers_pool.give(taken.pop())  # for the first, which is cancelled before it takes it
        cancelled.cancel()
        taken.append(await asyncio.wait_for(patient, 1))
        with pytest.raises(NoWorkerError):
            await take(workers_pool, seconds=0.01)
        for worker in taken:
            worker.retired = True
            workers_pool.give(worker)
        assert workers_pool.configs() == []

    asyncio.run(scenario())


def test_the_code_of_a_worker_that_starts_is_in_use() -> None:
    create: Any = Slow
    starting = Pool(create)

    async def scenario() -> None:
        taken = asyncio.create_task(take(starting))
        await asyncio.sleep(0.1)
        assert starting.configs() == [CONFIG]
        starting.give(await taken)

    asyncio.run(scenario())
    starting.close()
    assert starting.configs() == []


def test_a_pool_ends_the_longest_idle_worker_for_another_function(workers_pool: Pool) -> None:
    async def scenario() -> None:
        taken = [await take(workers_pool, replace(CONFIG, name=f"f{n}")) for n in range(pool.IN_ALL)]
        for worker in taken:
            workers_pool.give(worker)
        await take(workers_pool, replace(CONFIG, name="another"))
        await closed(taken[0])
        assert not any(worker.closed for worker in taken[1:])

    asyncio.run(scenario())


def test_outdated_workers_end_and_busy_ones_after_their_invocation(workers_pool: Pool) -> None:
    async def scenario() -> None:
        busy, idle = await take(workers_pool), await take(workers_pool)
        workers_pool.give(idle)
        workers_pool.retire(lambda config: config.name == "f")
        assert (idle.closed, busy.closed) == (True, False)
        workers_pool.give(busy)
        await closed(busy)

    asyncio.run(scenario())


def test_idle_workers_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE", 0.0)
    monkeypatch.setattr(pool, "_SWEEP", 0.01)
    create: Any = Idle
    quick = Pool(create)

    async def scenario() -> None:
        worker = await take(quick)
        quick.give(worker)
        await closed(worker)

    asyncio.run(scenario())
    quick.close()


class Slow(Idle):
    """A worker that takes its time to start and to end."""

    def __init__(self, config: WorkerConfig, name: str) -> None:
        time.sleep(0.5)
        super().__init__(config, name)

    def close(self) -> None:
        time.sleep(0.5)
        super().close()


def test_the_event_loop_serves_others_while_a_worker_starts_and_ends() -> None:
    create: Any = Slow
    slow, longest = Pool(create), 0.0

    async def use_one() -> None:
        worker = await take(slow)
        worker.retired = True
        slow.give(worker)
        await closed(worker)

    async def scenario() -> None:
        nonlocal longest
        used = asyncio.create_task(use_one())
        while not used.done():
            began = time.monotonic()
            await asyncio.sleep(0)
            longest = max(longest, time.monotonic() - began)

    asyncio.run(scenario())
    slow.close()
    assert longest < 0.4


async def closed(worker: Any) -> None:
    """Wait until a worker has been closed, which is done in a thread."""
    async with asyncio.timeout(5):
        while not worker.closed:
            await asyncio.sleep(0.01)


def test_there_is_a_limit_for_all_functions_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invocations, "AT_ONCE", 0)
    loop = EventLoop()
    running = Invocations(Cloud(tmp_path, 1), loop)
    function: Any = SimpleNamespace(reserved_concurrency=None)
    with pytest.raises(ServiceError) as caught:
        running.run_from_thread(Target(function, "arn", CONFIG), b"{}")
    running.close()
    loop.close()
    assert (caught.value.code, caught.value.status) == ("TooManyRequestsException", 429)
    assert caught.value.members == {"Reason": "ConcurrentInvocationLimitExceeded"}


def frame(message: bytes, when: int = 5_000_000) -> bytes:
    return b"\xa5\x5a\x00\x03" + len(message).to_bytes(4, "big") + when.to_bytes(8, "big") + message


def test_output_is_cut_into_lines_and_records_wherever_it_is_split() -> None:
    whole = "one\nåZ\n".encode() + frame(b"two\nlines\n") + b"three" + frame(b"four") + b"five"
    for cut in range(len(whole)):
        output = LogParser()
        lines = output.feed(whole[:cut]) + output.feed(whole[cut:]) + output.flush()
        text = [line.message for line in lines]
        assert text == ["one\n", "åZ\n", "two\nlines\n", "three", "four\n", "five"], cut
        assert lines[2].timestamp == 5000


def test_much_output_is_cut_into_lines_in_time_that_grows_with_its_size() -> None:
    began = time.process_time()
    assert len(LogParser().feed(b"x\n" * 200_000)) == 200_000
    assert time.process_time() - began < 5


def test_a_long_line_is_split() -> None:
    output = LogParser()
    lines = output.feed(b"x" * 300_000) + output.feed(b"\n") + output.flush()
    assert [len(line.message) for line in lines] == [256 * 1024, 300_001 - 256 * 1024]


def test_a_log_keeps_the_newest_events_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(logs, "MAX_EVENTS", 100)
    monkeypatch.setattr(logs, "_SLACK", 10)
    cloud, remembered = Cloud(tmp_path, 1), len(LogEvent.instances_tracked)
    for number in range(1000):
        stream = f"{number // 300}"
        logs.write(
            cloud, "eu-north-1", "/bounded", stream, [LogLine(number * 2, f"{number}"), LogLine(number * 2 + 1, "x")]
        )
    group = logs_backends[ACCOUNT]["eu-north-1"].groups.pop("/bounded")
    events = [event for stream in group.streams.values() for event in stream.events]
    assert 100 <= len(events) <= 110
    assert events[-2].message == "999"
    assert min(event.timestamp for event in events) >= 2000 - 112
    assert list(group.streams) == ["3"]
    assert len(LogEvent.instances_tracked) == remembered  # moto would keep each one for ever
    assert len({event.event_id for event in events}) == len(events)


def test_timestamps_of_lines_that_are_written_together_are_in_order(tmp_path: Path) -> None:
    logs.write(Cloud(tmp_path, 1), "eu-north-1", "/ordered", "s", [LogLine(5, "a"), LogLine(9, "b"), LogLine(7, "c")])
    group = logs_backends[ACCOUNT]["eu-north-1"].groups.pop("/ordered")
    assert [(event.timestamp, event.message) for event in group.streams["s"].events] == [(5, "a"), (7, "b"), (7, "c")]


def test_a_runtime_that_cannot_be_installed_is_an_error_and_leaves_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    cloud = Cloud(tmp_path, 1)
    with pytest.raises(
        runtimes.RuntimeUnavailableError, match=f"uv could not create .* {PYTHON} (?s:.*)http://127.0.0.1:9/simple/"
    ):
        runtimes.python(cloud, PYTHON)
    assert [path.name for path in (tmp_path / "runtimes").iterdir() if path.is_dir()] == []
    monkeypatch.setattr(uv, "run", lambda *_: pytest.fail("uv was run again"))
    with pytest.raises(runtimes.RuntimeUnavailableError):  # SDKs retry at once
        runtimes.python(cloud, PYTHON)


def test_uv_ends_with_the_cloud_even_by_kill_9(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    cloud_program = f"from awsprov.local import uv; uv.run('run', '--no-project', 'python', '-c', {program!r})"
    with subprocess.Popen([sys.executable, "-c", cloud_program]) as cloud:
        pid = int(until(lambda: file.exists() and file.read_text()))
        assert exists(pid)
        cloud.kill()
    until(lambda: not exists(pid), 5)


def test_code_is_unpacked_inside_its_directory_only(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("../../outside.py", "")
        package.writestr("/absolute.py", "")
        package.writestr("app.py", "")
    cloud = Cloud(tmp_path, 1)
    sandbox.unpack(cloud, "c", archive.getvalue())
    home = sandbox.code_directory(cloud, "c")
    assert sorted(str(path.relative_to(home)) for path in home.rglob("*.py")) == ["absolute.py", "app.py", "outside.py"]
    assert sorted(path.name for path in tmp_path.rglob("*.py")) == ["absolute.py", "app.py", "outside.py"]


def test_code_is_unpacked_with_the_modes_of_the_zip(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, mode in (("bin/tool", 0o100755), ("data.txt", 0o100644)):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, mode << 16
            archive.writestr(info, b"#!/bin/sh\n")
    cloud = Cloud(tmp_path, 0)
    sandbox.unpack(cloud, "hash", buffer.getvalue())
    home = sandbox.code_directory(cloud, "hash")
    assert os.access(home / "bin" / "tool", os.X_OK)
    assert not os.access(home / "data.txt", os.X_OK)
