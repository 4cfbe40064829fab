"""What tests of closed networks share: a mark for those that need the kernel's namespaces, and compiled code."""

import pytest

from awsprov.local.lambda_ import closed_network

FORBIDDEN = closed_network.reason_forbidden()
needs_namespaces = pytest.mark.skipif(bool(FORBIDDEN), reason=f"NOT TESTED: no closed network here: {FORBIDDEN}")

# What compiled code does: libc's own functions, of which Python sees nothing.
LIBC = """
import ctypes, socket, struct
libc = ctypes.CDLL(None, use_errno=True)

def connect(address, port):
    number = libc.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0)
    family = struct.pack("=H", socket.AF_INET)
    libc.connect(number, family + struct.pack("!H", port) + socket.inet_aton(address) + bytes(8), 16)
    libc.close(number)

def look_up(name):
    found = ctypes.c_void_p()
    return libc.getaddrinfo(name.encode(), None, None, ctypes.byref(found))
"""
