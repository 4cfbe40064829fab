"""The cloud's state on disk: every backend in one pickle, written whole, so that shared objects stay shared.

moto's own recorder is no use here: what it replays gets other ids.
"""

import contextlib
import io
import logging
import pickle
import threading
import weakref
from collections import defaultdict
from pathlib import Path
from typing import Any

import moto
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from moto.backends import get_backend
from moto.core.base_backend import BackendDict

from awsprov.files import write_atomically

log = logging.getLogger(__name__)
_LAYOUT = 1  # of what this package itself puts into the state; raised when it changes
_WRITER = f"moto {moto.__version__} (layout {_LAYOUT})"
_DEBOUNCE = 0.5  # seconds from a change to the file; a burst of calls is saved once


class StateVersionError(Exception):
    """The snapshot was written by another moto, whose objects this one may not understand."""


class Snapshot:
    """The file that holds the state. `touch` asks for a save soon, on a thread of its own."""

    def __init__(self, path: Path, lock: threading.RLock, extra: dict[str, Any]) -> None:
        """`extra` is kept beside the backends, in the same pickle: the memory of the behaviour of AWS."""
        self.path, self.lock, self.extra = path, lock, extra
        self._changed, self._stop = threading.Event(), threading.Event()
        self._saving = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)

    def load(self) -> bool:
        """Put the saved backends in place of the fresh ones. False when there is no file."""
        if not self.path.exists():
            return False
        with self.path.open("rb") as file:
            written_by = str(pickle.load(file))  # noqa: S301 - our own file, in our own directory
            if written_by != _WRITER:
                raise StateVersionError(
                    f"{self.path} was saved by {written_by}, which {_WRITER} cannot take up. "
                    "Install that version to go on with this cloud, or delete its directory to begin anew."
                )
            saved = pickle.load(file)  # noqa: S301
        for service, account, region, backend in saved["backends"]:
            dict.__setitem__(get_backend(service)[account], region, backend)
        self.extra.update(saved["extra"])
        return True

    def start(self) -> None:
        """Begin to save in the background."""
        self._thread.start()

    def touch(self) -> None:
        """Something changed."""
        self._changed.set()

    def close(self) -> None:
        """Save once more, and end."""
        self._stop.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join()
        self.save()

    def save(self) -> None:
        """Write the file, whole or not at all."""
        with self._saving:
            with self.lock:
                data = _dump({"backends": list(_backends()), "extra": self.extra})
            write_atomically(self.path, pickle.dumps(_WRITER) + data)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._changed.wait()
            self._stop.wait(_DEBOUNCE)
            self._changed.clear()
            if not self._stop.is_set():
                try:
                    self.save()
                except Exception:
                    log.exception("the state could not be saved; the file holds the one before")


def _backends() -> Any:
    for instance in list(BackendDict._instances):  # moto's own list of what is in use
        for account, regions in list(instance.items()):
            for region in list(regions):
                yield instance.service_name, account, region, dict.__getitem__(regions, region)


class _Pickler(pickle.Pickler):
    """moto keeps what pickle refuses: weak dictionaries, defaults made by a lambda or with arguments, private keys."""

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, weakref.WeakValueDictionary):
            return _weak, (dict(thing),)
        if type(thing) is defaultdict and getattr(thing.default_factory, "__name__", "") == "<lambda>":
            with contextlib.suppress(TypeError):
                made = thing.default_factory()  # type: ignore[misc]  # not None: it has a name
                return defaultdict, (type(made),), None, None, iter(thing.items())
        if isinstance(thing, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):  # of KMS, behind an encrypted file system
            return _private_key, (thing.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),)
        if isinstance(thing, defaultdict) and type(thing) is not defaultdict:
            return _default, (type(thing), thing.default_factory), vars(thing), None, iter(thing.items())
        return NotImplemented


def _default(kind: type["defaultdict[Any, Any]"], factory: Any) -> "defaultdict[Any, Any]":
    """One of a subclass whose own `__init__` asks for more than pickle knows."""
    made = kind.__new__(kind)
    defaultdict.__init__(made, factory)
    return made


def _private_key(der: bytes) -> Any:
    return load_der_private_key(der, None)


def _weak(items: dict[Any, Any]) -> "weakref.WeakValueDictionary[Any, Any]":
    return weakref.WeakValueDictionary(items)


def _dump(thing: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(thing)
    return buffer.getvalue()
