"""EC2 instances that can be logged in to: a home directory, an SSH server, and the commands of Amazon Linux.

A machine is the user's own account on this computer in another directory. It isolates nothing, and says so.
"""

import base64
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from awsprov.files import write_atomically
from awsprov.local.cloud import HOST, INSTANCES_PATH, Cloud
from awsprov.local.ec2 import shims
from awsprov.local.ec2.sshd import USER, SshServer
from awsprov.local.processes import Processes

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
# What a machine has of this computer's environment: how to reach a package index, and nothing else.
_PASSED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_PASSED_PREFIXES = ("PIP_", "UV_INDEX", "UV_DEFAULT_INDEX")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_PIP_FILES = (".config/pip/pip.conf", ".pip/pip.conf", "Library/Application Support/pip/pip.conf")


class Machine:
    """One instance's body. It satisfies `sshd.Host`."""

    def __init__(self, cloud: Cloud, instance_id: str, authorized_key: str, processes: Processes) -> None:
        self.cloud, self.id = cloud, instance_id
        self.directory = cloud.keep("instances", instance_id)
        self.home = cloud.keep("instances", instance_id, "home", USER)
        self.bin = self.directory / "bin"
        self.authorized_key = _public_key(authorized_key)
        self.host_key = _host_key(self.directory / "host_key")
        self.token = self._secret()
        self._processes, self._sessions = processes, set[int]()
        self._socket = _reserve()
        self.port: int = self._socket.getsockname()[1]
        self._server = SshServer(self, self._socket)

    def boot(self, user_data: str = "") -> None:
        """Take up service. User data is run at the first boot only, in the background, as cloud-init does."""
        self._unmount()
        shims.install(self.bin, f"{self.cloud.endpoint}{INSTANCES_PATH}{self.id}", self.directory / "token")
        _profile(self.home, self.bin)
        self._log(_announce(self.host_key))
        self._server.start()
        if user_data:
            threading.Thread(target=self._run_user_data, args=(user_data,), name="cloud-init", daemon=True).start()

    def halt(self) -> None:
        """Hang up on everybody and end every process."""
        self._server.close()
        self._processes.kill(self._sessions)
        self._sessions.clear()
        self._unmount()

    @property
    def in_use(self) -> bool:
        """Whether somebody is logged in."""
        return self._server.sessions > 0

    @property
    def console(self) -> str:
        """What the instance wrote on its console: host keys, and the output of the user data."""
        path = self.directory / "console.log"
        return path.read_text(errors="replace")[-65536:] if path.exists() else ""

    def run(self, command: list[str], environment: dict[str, str] | None = None, **options: Any) -> Any:
        """Start a process in the machine's home."""
        full = {**self.environment, **(environment or {})}
        process = self._processes.start(command, cwd=self.home, env=full, **options)
        self._sessions.add(process.pid)
        return process

    def ended(self, process: "subprocess.Popen[bytes]") -> None:
        """A process has ended; what it left in the background stays the machine's."""
        if self._processes.finished(process.pid):
            self._sessions.discard(process.pid)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a login: none of this computer's secrets, but its ways to a package index."""
        account = {"HOME": str(self.home), "USER": USER, "LOGNAME": USER, "SHELL": shutil.which("bash") or "/bin/sh"}
        return {**_passed(), **account, "PATH": f"{self.bin}:{_SYSTEM_PATH}"}

    @property
    def mounts(self) -> dict[str, str]:
        """What is mounted: mount point → directory."""
        path = self.directory / "mounts.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def mount(self, point: Path, directory: Path) -> None:
        """Show a directory at a mount point, by a link: real mounts need root."""
        point.rmdir()
        point.symlink_to(directory)
        self._note({**self.mounts, str(point): str(directory)})

    def unmount(self, point: Path) -> None:
        """Undo that; the mount point is an empty directory again."""
        self._note({at: what for at, what in self.mounts.items() if at != str(point)})
        if point.is_symlink():
            point.unlink()
            point.mkdir()

    def _note(self, mounts: dict[str, str]) -> None:
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
        if not user_data.startswith("#!"):
            self._log("cloud-init: only scripts are run here; the user data was left alone.\n")
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
        with (self.directory / "console.log").open("a") as console:
            console.write(text)


class Machines:
    """The machines of the cloud, by instance id."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.processes = Processes()
        self._machines: dict[str, Machine] = {}

    def __iter__(self) -> Iterator[Machine]:
        return iter(list(self._machines.values()))

    def prepare(self, instance_id: str, authorized_key: str) -> Machine:
        """A machine with a port of its own, which does not answer before it boots."""
        self._machines[instance_id] = Machine(self.cloud, instance_id, authorized_key, self.processes)
        return self._machines[instance_id]

    def get(self, instance_id: str) -> Machine | None:
        return self._machines.get(instance_id)

    def halt(self, instance_id: str) -> None:
        """Stop a machine; its directory stays."""
        machine = self._machines.pop(instance_id, None)
        if machine:
            machine.halt()

    def remove(self, instance_id: str) -> None:
        """Stop a machine and delete what it had. What it had mounted is not its own."""
        self.halt(instance_id)
        shutil.rmtree(self.cloud.directory / "instances" / instance_id, ignore_errors=True)

    def close(self) -> None:
        """Stop all machines."""
        for instance_id in list(self._machines):
            self.halt(instance_id)
        self.processes.close()


def _reserve() -> socket.socket:
    """A free port on 127.0.0.1, taken but not yet listened on: connections are refused until the boot."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, 0))
    return listener


def _public_key(line: str) -> paramiko.PKey | None:
    parts = line.split()
    if len(parts) < 2:  # noqa: PLR2004 - an OpenSSH public key is its type, the key, and a comment
        return None
    return paramiko.PKey.from_type_string(parts[0], base64.b64decode(parts[1]))


def _host_key(path: Path) -> paramiko.PKey:
    """The machine's own key, made once."""
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        write_atomically(path, pem)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def _announce(key: paramiko.PKey) -> str:
    """The host key as cloud-init prints it on the console."""
    print_ = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return (
        "ci-info: no authorized SSH keys fingerprints found for user root.\n"
        "<14>cloud-init: #############################################################\n"
        "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n"
        f"256 SHA256:{print_} root@localhost (ED25519)\n"
        "-----END SSH HOST KEY FINGERPRINTS-----\n"
        "-----BEGIN SSH HOST KEY KEYS-----\n"
        f"{key.get_name()} {key.get_base64()} root@localhost\n"
        "-----END SSH HOST KEY KEYS-----\n"
    )


def _profile(home: Path, commands: Path) -> None:
    """Login shells keep the machine's commands first, whatever /etc/profile says."""
    profile = home / ".bash_profile"
    if not profile.exists():
        profile.write_text(f'export PATH="{commands}:$PATH"\n[ -f ~/.bashrc ] && . ~/.bashrc\n')
    rc = home / ".bashrc"
    if not rc.exists():
        rc.write_text("PS1='[ec2-user@local \\W]$ '\n")


def _passed() -> dict[str, str]:
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED or name.startswith(_PASSED_PREFIXES) or name.lower() in _PROXIES
    }
    for file in _PIP_FILES:  # the home directory is another one there, so pip would not find its file
        if "PIP_CONFIG_FILE" not in passed and (Path.home() / file).exists():
            passed["PIP_CONFIG_FILE"] = str(Path.home() / file)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pip"
    return {"PIP_CACHE_DIR": str(cache), "PIP_DISABLE_PIP_VERSION_CHECK": "1", **passed}
