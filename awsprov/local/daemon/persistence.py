"""The cloud's state on disk: all backends in one pickle, so that objects that they share stay shared.

moto's own recorder cannot be used: resources that it replays get other ids.

Loading a pickle can run any code, and the file is in the project's directory, which may come from somebody else. So the
file begins with an HMAC, whose key is in the user's own directory, and is checked before anything is unpickled.
"""

import contextlib
import hmac
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
from awsprov.local.daemon import state_key

log = logging.getLogger(__name__)
_LAYOUT = 1  # of the objects that this package adds to the state; increment it when they change
_WRITER = f"moto {moto.__version__} (layout {_LAYOUT})"
_DEBOUNCE = 0.5  # seconds from a change to the save, so that a burst of calls is saved once


class StateVersionError(Exception):
    """The state was saved by another version of moto, whose objects this one may not understand."""


class StateNotTrustedError(Exception):
    """The state was not saved by a local cloud of this user, or was changed since."""


class Snapshot:
    """The file that contains the state. `touch` has it saved soon, on a thread of its own.

    Arguments:
        path: the file.
        lock: held while the state is pickled.
        extra: saved beside the backends, in the same pickle: the memory of the behaviour of AWS.
    """

    def __init__(self, path: Path, lock: threading.RLock, extra: dict[str, Any]) -> None:
        self.path, self.lock, self.extra = path, lock, extra
        self._changed, self._stop = threading.Event(), threading.Event()
        self._saving = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)

    def load(self) -> bool:
        """Load the saved backends; return False when there is no file.

        Raises:
            StateNotTrustedError: it was not saved by a local cloud of this user.
            StateVersionError: another version saved them.
        """
        if not self.path.exists():
            state_key.digest(b"")  # creates the key: if that is not possible, it is known now and not when saving
            return False
        file = io.BytesIO(self._authenticated())
        written_by = str(pickle.load(file))  # noqa: S301 - it has our HMAC  # nosec B301
        if written_by != _WRITER:
            raise StateVersionError(
                f"{self.path} was saved by {written_by}, which {_WRITER} cannot read. "
                f"Install that version, or delete {self.path.parent} to start with an empty cloud."
            )
        saved = pickle.load(file)  # noqa: S301 - likewise  # nosec B301
        for service, account, region, backend in saved["backends"]:
            dict.__setitem__(get_backend(service)[account], region, backend)
        self.extra.update(saved["extra"])
        return True

    def _authenticated(self) -> bytes:
        """Return the content of the file without its HMAC."""
        digest, content = state_key.split(self.path.read_bytes())
        if not hmac.compare_digest(digest, state_key.digest(content)):
            raise StateNotTrustedError(
                f"{self.path} was not saved by a local cloud of this user on this machine, or was changed since. "
                f"It was not loaded, because loading it can run code. Delete {self.path} to start with an empty cloud."
            )
        return content

    def start(self) -> None:
        """Start to save in the background."""
        self._thread.start()

    def touch(self) -> None:
        """Request a save, because the state has changed."""
        self._changed.set()

    def close(self) -> None:
        """Save a last time, and stop the thread."""
        self._stop.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join()
        self.save()

    def save(self) -> None:
        """Write the state file now."""
        with self._saving:
            with self.lock:
                data = _dump({"backends": list(_backends()), "extra": self.extra})
            content = pickle.dumps(_WRITER) + data
            write_atomically(self.path, [state_key.digest(content), content])

    def _run(self) -> None:
        while not self._stop.is_set():
            self._changed.wait()
            self._stop.wait(_DEBOUNCE)
            self._changed.clear()
            if not self._stop.is_set():
                try:
                    self.save()
                except Exception:
                    log.exception("the state could not be saved; the file contains the previous one")


def _backends() -> Any:
    for instance in list(BackendDict._instances):  # moto's list of the backends in use
        for account, regions in list(instance.items()):
            for region in list(regions):
                yield instance.service_name, account, region, dict.__getitem__(regions, region)


class _Pickler(pickle.Pickler):
    """A pickler for objects of moto that pickle rejects: weak dictionaries, special defaultdicts, private keys."""

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, weakref.WeakValueDictionary):
            return _weak, (dict(thing),)
        if type(thing) is defaultdict and getattr(thing.default_factory, "__name__", "") == "<lambda>":
            with contextlib.suppress(TypeError):
                default = thing.default_factory()  # type: ignore[misc]  # not None: it has a name
                return defaultdict, (type(default),), None, None, iter(thing.items())
        if isinstance(thing, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):  # KMS keys of encrypted file systems
            return _private_key, (thing.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),)
        if isinstance(thing, defaultdict) and type(thing) is not defaultdict:
            return _default, (type(thing), thing.default_factory), vars(thing), None, iter(thing.items())
        return NotImplemented


def _default(kind: type["defaultdict[Any, Any]"], factory: Any) -> "defaultdict[Any, Any]":
    """Create a defaultdict of a subclass without its `__init__`, which needs arguments that pickle does not have."""
    created = kind.__new__(kind)
    defaultdict.__init__(created, factory)
    return created


def _private_key(der: bytes) -> Any:
    return load_der_private_key(der, None)


def _weak(items: dict[Any, Any]) -> "weakref.WeakValueDictionary[Any, Any]":
    return weakref.WeakValueDictionary(items)


def _dump(thing: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(thing)
    return buffer.getvalue()
