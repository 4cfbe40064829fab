"""The daemon: it assembles the cloud, serves it on 127.0.0.1, and saves its state.

`server.json` in its directory contains its address. `server.lock` is held while it runs: a pid could be reused.
"""

import dataclasses
import gc
import json
import logging
import logging.handlers
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import filelock
from cheroot import wsgi

from awsprov import __version__
from awsprov.files import write_atomically
from awsprov.local import known_clouds, lambda_, missing
from awsprov.local.apigateway import Front, deployments, descriptions, resource_tags
from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.behaviour import Behaviour, service_models
from awsprov.local.cloud import ADMIN_PATH, Cloud
from awsprov.local.daemon import front, root_key
from awsprov.local.daemon.admin_api import AdminApi
from awsprov.local.daemon.control_plane import ControlPlane
from awsprov.local.daemon.faults import Faults
from awsprov.local.daemon.front import FrontServer
from awsprov.local.daemon.http import bind
from awsprov.local.daemon.persistence import Snapshot
from awsprov.local.daemon.request_guard import guard
from awsprov.local.daemon.tunnels import TunnelServer
from awsprov.local.ec2 import ec2_backend, instance_connect, network_acls, network_interfaces, security_rules
from awsprov.local.ec2.instances import Instances
from awsprov.local.efs import efs_backend
from awsprov.local.event_loop import EventLoop
from awsprov.local.lambda_ import lambda_backend
from awsprov.local.running_cloud import CloudRecord

_LOG_BYTES = 1_000_000
_RECORD = "server.json"
_POLL = 0.25  # seconds; Python handles signals in the main thread only, when it wakes up

log = logging.getLogger(__name__)


class Server:
    """One local cloud that runs.

    Arguments:
        cloud: its directory, port and settings.
        http: the server of the control plane, which is bound already.
        apis: the socket of the HTTP front, likewise.
        idle_exit: seconds without requests and sessions after which it ends; 0 for never.
    """

    def __init__(self, cloud: Cloud, http: wsgi.Server, apis: socket.socket, idle_exit: float) -> None:
        self.cloud, self._http, self._idle_exit = cloud, http, idle_exit
        self._loop, self._apis = EventLoop(), Front(cloud)
        self._front = FrontServer(apis, self._serve_api, self._loop)
        memory: dict[str, Any] = {}
        self.behaviour = Behaviour(cloud, memory)
        self.instances = Instances(cloud)
        self.snapshot = Snapshot(cloud.directory / "state.pickle", cloud.lock, memory)
        control = ControlPlane(cloud, self.behaviour, self.snapshot, Faults())
        self._admin_api, self._control = AdminApi(control, self.instances), control
        self._tunnels = TunnelServer(cloud, self.instances)
        self._done = threading.Event()
        self._last_request = time.monotonic()

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT, or until the cloud is idle for long.

        Arguments:
            ready: called when requests are accepted.
        """
        self._install()
        self._http.wsgi_app = guard(self.cloud, self._dispatch)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._done.set())
        threading.Thread(target=self._http.serve, name="http", daemon=True).start()
        self._front.start()
        self._tunnels.start()
        gc.freeze()  # moto's tables stay: a collection that visited them would stop all requests for a moment
        ready()
        own = _identity(self.cloud.directory)
        while not self._done.wait(_POLL):
            found = _identity(self.cloud.directory)
            if found is None or found != own:  # `own` is None, too, if the directory was gone that soon
                log.warning("stopping without saving: the directory was deleted, or belongs to another cloud")
                self.close(save=False)
                return
            idle = self._idle_exit and time.monotonic() - self._last_request > self._idle_exit
            if idle and not any(instance.in_use for instance in self.instances):
                break
        self.close()

    def close(self, *, save: bool = True) -> None:
        """Stop instances and workers, and save the state.

        Arguments:
            save: False if there is no directory to save it in.
        """
        counts = service_models.counts
        log.info(
            "stopping: %d requests were checked, %d did not fit their service model", counts.checked, counts.misfits
        )
        lambda_.close()  # first: requests that wait for a function are answered at once
        self._front.stop()
        self._http.stop()
        self._tunnels.close()
        self._loop.close()
        self.behaviour.timeline.end()  # before the instances, or a boot that is due is lost
        with self.cloud.lock:
            self.instances.close()
        if save:
            self.snapshot.close()

    def _install(self) -> None:
        ec2_backend.install(self.behaviour, self.instances)
        instance_connect.install(self._tunnels.dns_name)
        network_acls.install()
        network_interfaces.install()
        security_rules.install()
        efs_backend.install(self.cloud, self.behaviour)
        lambda_.install(self.cloud, self._loop)
        deployments.install(self.cloud)
        descriptions.install()
        missing.install()
        resource_tags.install()
        lambda_backend.install(self.behaviour)
        self.snapshot.load()
        with self.cloud.lock:
            ec2_backend.resume()
        self.snapshot.start()
        self.behaviour.timeline.start()

    def _dispatch(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._last_request = time.monotonic()
        path = environ["PATH_INFO"]
        if path.startswith(ADMIN_PATH):
            return self._admin_api(environ, start_response)
        return self._control(environ, start_response)

    async def _serve_api(self, request: Request) -> Response:
        self._last_request = time.monotonic()
        return await self._apis.serve(request)


def serve(cloud: Cloud, idle_exit: float, ready: Callable[[dict[str, Any]], None]) -> None:
    """Run a cloud until it ends.

    Arguments:
        cloud: its directory, port (0 for any) and settings.
        idle_exit: as for Server.
        ready: called with the content of server.json when requests are accepted.

    Raises:
        OSError: the port is in use.
        filelock.Timeout: another process holds the directory.
        StateVersionError: another version saved the state.
    """
    with filelock.FileLock(cloud.directory / "server.lock", timeout=2, mode=0o600):
        _log_to(cloud.directory / "cloud.log")
        http, apis = bind(cloud.port), front.bind(cloud.front_port)
        cloud = dataclasses.replace(
            cloud,
            port=http.bind_addr[1],
            front_port=apis.getsockname()[1],
            root_key=root_key.read_or_create(cloud.directory),
        )
        record = dataclasses.asdict(_record(cloud))
        server = Server(cloud, http, apis, idle_exit)

        def announce() -> None:
            write_atomically(cloud.directory / _RECORD, f"{json.dumps(record, indent=2)}\n".encode())
            with suppress(OSError):  # it only is not listed
                known_clouds.record(cloud.directory)
            log.info("ready on %s at pace %s", cloud.endpoint, cloud.pace)
            ready(record)

        server.run(announce)


def _identity(directory: Path) -> tuple[int, int] | None:
    """Return what identifies the record of a running cloud; None if it was deleted."""
    try:
        record = (directory / _RECORD).stat()
    except OSError:
        return None
    return record.st_dev, record.st_ino


def _record(cloud: Cloud) -> CloudRecord:
    return CloudRecord(
        pid=os.getpid(),
        port=cloud.port,
        front_port=cloud.front_port,
        endpoint=cloud.endpoint,
        pace=cloud.pace,
        consistency=cloud.consistency,
        any_key=cloud.any_key,
        versions={"awsprov": __version__, "moto": version("moto"), "python": sys.version.split()[0]},
        started=time.time(),
    )


def _log_to(path: Path) -> None:
    file = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(file)
    logging.getLogger("awsprov").setLevel(logging.INFO)
    logging.getLogger("paramiko").setLevel(logging.ERROR)
