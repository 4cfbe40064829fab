"""EC2 instances with SSH: a home directory, an SSH server, and the commands of Amazon Linux.

An instance is the user's own account on this machine, in another directory. It isolates nothing.
"""

import contextlib
import json
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from awsprov.files import write_atomically
from awsprov.local.cloud import HOST, INSTANCES_PATH, Cloud
from awsprov.local.ec2 import login, shims
from awsprov.local.ec2.keys import host_key, host_key_message, public_key
from awsprov.local.ec2.sshd import USER, SshServer
from awsprov.local.processes import Processes

_CONSOLE = 65536  # bytes that GetConsoleOutput returns (EC2 API reference)
_FINISHED = "Cloud-init v. 22.2.2 finished at the end of the boot. Datasource DataSourceEc2."


class Instance:
    """The processes and files of one EC2 instance. It implements `sshd.Host`.

    Arguments:
        cloud: that it belongs to.
        instance_id: as in EC2.
        authorized_key: the public key of the key pair, in OpenSSH's format; empty for none.
        processes: of all instances.
    """

    def __init__(self, cloud: Cloud, instance_id: str, authorized_key: str, processes: Processes) -> None:
        self.cloud, self.id = cloud, instance_id
        self.directory = cloud.make_directory("instances", instance_id)
        self.home = cloud.make_directory("instances", instance_id, "home", USER)
        self.bin = self.directory / "bin"
        self.authorized_key = public_key(authorized_key)
        self.host_key = host_key(self.directory / "host_key")
        self.token = self._secret()
        self._console = self.directory / "console.log"
        self._end: threading.Timer | None = None
        self._processes, self._sessions = processes, set[int]()
        self._socket = _bound_socket()
        self.port: int = self._socket.getsockname()[1]
        self._server = SshServer(self, self._socket)

    def boot(self, user_data: str = "") -> None:
        """Start to accept SSH, with an empty console. User data runs in the background.

        As with cloud-init, host keys are printed and user data runs at the first boot only.
        """
        first = not self._console.exists()
        self._console.write_text("" if first else f"{_FINISHED}\n")
        self.serve()
        if first:
            self._log(host_key_message(self.host_key))
            self._finish_boot(user_data)

    def _finish_boot(self, user_data: str) -> None:
        if user_data:
            threading.Thread(target=self._run_user_data, args=(user_data,), name="cloud-init", daemon=True).start()
        else:
            self._log(f"{_FINISHED}\n")

    def serve(self) -> None:
        """Accept SSH; the console stays as it is. For a boot, and for an instance that runs when the cloud starts."""
        self._unmount()
        shims.install(self.bin, f"{self.cloud.endpoint}{INSTANCES_PATH}{self.id}", self.directory / "token")
        login.write_profile(self.home, self.bin)
        self._server.start()

    def halt(self) -> None:
        """Close all connections and end all processes."""
        self.cancel_end()
        self._server.close()
        self._processes.kill(self._sessions)
        self._sessions.clear()
        self._unmount()

    @property
    def ends(self) -> bool:
        """Whether its end is scheduled."""
        return self._end is not None

    def end_in(self, seconds: float, power_off: Callable[[], None]) -> None:
        """Schedule its end; forgotten when the cloud stops."""
        self._end = threading.Timer(seconds, power_off)
        self._end.daemon = True
        self._end.start()

    def cancel_end(self) -> None:
        """Cancel its end."""
        if self._end:
            self._end.cancel()
        self._end = None

    @property
    def in_use(self) -> bool:
        """Whether an SSH client is connected."""
        return self._server.sessions > 0

    @property
    def console(self) -> str:
        """The console output since the last boot, at most the last 64 KB."""
        return self._console.read_text(errors="replace")[-_CONSOLE:] if self._console.exists() else ""

    def run(self, command: list[str], environment: dict[str, str] | None = None, **options: Any) -> Any:
        """Start a process in the instance's home directory."""
        full = {**login.environment(self.home, self.bin), **(environment or {})}
        process = self._processes.start(command, cwd=self.home, env=full, **options)
        self._sessions.add(process.pid)
        return process

    def ended(self, process: "subprocess.Popen[bytes]") -> None:
        """Forget a process that has ended, unless it left others in the background."""
        if self._processes.finished(process.pid):
            self._sessions.discard(process.pid)

    @property
    def mounts(self) -> dict[str, str]:
        """The mounted directories, by mount point."""
        path = self.directory / "mounts.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def mount(self, point: Path, directory: Path) -> None:
        """Mount a directory by a symbolic link: real mounts need root."""
        point.rmdir()
        point.symlink_to(directory)
        self._save_mounts({**self.mounts, str(point): str(directory)})

    def unmount(self, point: Path) -> None:
        """Unmount it; the mount point is an empty directory again."""
        self._save_mounts({other: directory for other, directory in self.mounts.items() if other != str(point)})
        if point.is_symlink():
            point.unlink()
            point.mkdir()

    def _save_mounts(self, mounts: dict[str, str]) -> None:
        write_atomically(self.directory / "mounts.json", json.dumps(mounts).encode())

    def _unmount(self) -> None:
        for point in self.mounts:
            with contextlib.suppress(OSError):
                self.unmount(Path(point))

    def _secret(self) -> str:
        path = self.directory / "token"
        if not path.exists():
            write_atomically(path, secrets.token_urlsafe(24).encode())
        return path.read_text()

    def _run_user_data(self, user_data: str) -> None:
        self._run_script(user_data)
        self._log(f"{_FINISHED}\n")

    def _run_script(self, user_data: str) -> None:
        if not user_data.startswith("#!"):
            self._log("cloud-init: the local cloud runs scripts only; the user data was ignored.\n")
            return
        script = self.directory / "user-data"
        script.write_text(user_data)
        script.chmod(0o700)
        process = self.run([str(script)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in process.stdout:
            self._log(line.decode(errors="replace"))
        self._log(f"cloud-init: user data finished with status {process.wait()}\n")
        self.ended(process)

    def _log(self, text: str) -> None:
        with self._console.open("a") as console:
            console.write(text)


class Instances:
    """The running instances of the cloud, by id."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.processes = Processes()
        self._instances: dict[str, Instance] = {}

    def __iter__(self) -> Iterator[Instance]:
        return iter(list(self._instances.values()))

    def prepare(self, instance_id: str, authorized_key: str) -> Instance:
        """Create an instance with an SSH port, which refuses connections until the instance boots."""
        self._instances[instance_id] = Instance(self.cloud, instance_id, authorized_key, self.processes)
        return self._instances[instance_id]

    def get(self, instance_id: str) -> Instance | None:
        return self._instances.get(instance_id)

    def serve(self, instance_id: str) -> None:
        """Let an instance that has booted before accept SSH again."""
        self._instances[instance_id].serve()

    def halt(self, instance_id: str) -> None:
        """Stop an instance and keep its directory."""
        instance = self._instances.pop(instance_id, None)
        if instance:
            instance.halt()

    def remove(self, instance_id: str) -> None:
        """Stop an instance and delete its directory; file systems that it had mounted are kept."""
        self.halt(instance_id)
        shutil.rmtree(self.cloud.directory / "instances" / instance_id, ignore_errors=True)

    def close(self) -> None:
        """Stop all running instances."""
        for instance_id in list(self._instances):
            self.halt(instance_id)
        self.processes.close()


def _bound_socket() -> socket.socket:
    """Return a socket on a free port of 127.0.0.1. It does not listen yet, so connections are refused."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, 0))
    return listener
