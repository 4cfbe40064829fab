"""The WebSocket server of EC2 Instance Connect endpoints: it carries TCP connections to instances.

Source: AWS CLI, `ec2-instance-connect open-tunnel`; EC2 user guide, "EC2 Instance Connect Endpoint".
"""

import json
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

from moto.ec2.models import ec2_backends
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from awsprov.local.cloud import ACCOUNT, HOST, Cloud
from awsprov.local.daemon import call_signatures
from awsprov.local.ec2.instances import Instances
from awsprov.local.ec2.security_rules import allows
from awsprov.local.iam.authorizer import authorizer_of
from awsprov.local.wire import ApiCall, ServiceError, signed_service

_SERVICE, _PATH = "ec2-instance-connect", "/openTunnel"
_PORTS = ("22", "3389")  # that an endpoint connects to
_LONGEST = 3600  # seconds of a tunnel
_CHUNK = 32 * 1024  # bytes of a message


class TunnelServer:
    """The server of all endpoints.

    Arguments:
        cloud: whose keys sign requests.
        instances: those that answer SSH.
    """

    def __init__(self, cloud: Cloud, instances: Instances) -> None:
        self._cloud, self._instances = cloud, instances
        options = {"compression": None, "ping_interval": None}
        self._server: Server = serve(self._serve, HOST, 0, process_request=self._check, **options)

    @property
    def dns_name(self) -> str:
        """The name of the endpoints in DescribeInstanceConnectEndpoints, with the port."""
        return f"{HOST}:{self._server.socket.getsockname()[1]}"

    def start(self) -> None:
        """Accept connections."""
        threading.Thread(target=self._server.serve_forever, name="tunnels", daemon=True).start()

    def close(self) -> None:
        """Close all connections."""
        self._server.shutdown()

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the response to a request that opens no tunnel."""
        environ = _environ(request)
        try:
            if environ["PATH_INFO"] != _PATH:
                raise ServiceError("NotFoundException", f"Tunnels are opened at {_PATH}.", 404)
            call_signatures.check_key(environ, self._cloud)
            call_signatures.check_signature(environ, self._cloud)
            with self._cloud.lock:
                self._check_call(_call(environ), environ)
        except ServiceError as error:
            text = json.dumps({"ErrorCode": error.code, "Message": error.message})
            return connection.respond(HTTPStatus(error.status), text)
        return None

    def _check_call(self, call: ApiCall, environ: WSGIEnvironment) -> None:
        authorizer_of(self._cloud).check(call, environ)
        if call.params.get("remotePort") not in _PORTS:
            raise ServiceError("InvalidParameter", "The specified RemotePort is not valid. Specify either 22 or 3389.")
        endpoints = ec2_backends[ACCOUNT][call.region].connect_endpoints
        if call.params.get("instanceConnectEndpointId") not in endpoints:
            raise ServiceError("ResourceNotFound", "The specified instanceConnectEndpointId does not exist.", 404)
        _duration(call)

    def _serve(self, connection: ServerConnection) -> None:
        """Carry a connection; close it if the instance cannot be reached."""
        assert connection.request  # noqa: S101 - there is one after the handshake  # nosec B101
        call = _call(_environ(connection.request))
        with self._cloud.lock:
            port = self._ssh_port(call)
        end = threading.Timer(_duration(call), connection.close)
        end.daemon = True
        end.start()
        with suppress(OSError, ConnectionClosed), socket.create_connection((HOST, port)) as instance:
            threading.Thread(target=_receive, args=(connection, instance), name="tunnel", daemon=True).start()
            while data := instance.recv(_CHUNK):
                connection.send(data)
        end.cancel()

    def _ssh_port(self, call: ApiCall) -> int:
        """Return the SSH port of the instance here; 0 if security groups do not allow the connection to it."""
        ec2 = ec2_backends[ACCOUNT][call.region]
        interface = ec2.connect_endpoints[call.params["instanceConnectEndpointId"]].interface
        for target in ec2.enis.values():
            same_vpc = target.subnet.vpc_id == interface.subnet.vpc_id
            if same_vpc and target.private_ip_address == call.params["privateIpAddress"] and target.instance:
                instance = self._instances.get(target.instance.id)
                reached = allows(interface.group_set, interface.private_ip_address, target.group_set, 22)
                return instance.port if instance and reached else 0
        return 0


def _environ(request: Request) -> WSGIEnvironment:
    """Return the request as the checks of signatures expect it."""
    path, _, query = request.path.partition("?")
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.raw_items()}
    return {"REQUEST_METHOD": "GET", "REQUEST_URI": request.path, "PATH_INFO": path, "QUERY_STRING": query, **headers}


def _call(environ: WSGIEnvironment) -> ApiCall:
    """Return the call that opens a tunnel, which no service model has."""
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    if signed_service(environ) != _SERVICE:
        message = f"Credential should be scoped to correct service: '{_SERVICE}'."
        raise ServiceError("AccessDeniedException", message, 403)
    return ApiCall(_SERVICE, "OpenTunnel", query["X-Amz-Credential"].split("/")[2], query)


def _duration(call: ApiCall) -> int:
    """Return the seconds after which a tunnel ends."""
    text = str(call.params.get("maxTunnelDuration", _LONGEST))
    if not text.isdigit() or not 0 < int(text) <= _LONGEST:
        raise ServiceError("InvalidParameter", f"The maxTunnelDuration must be 1 to {_LONGEST} seconds.")
    return int(text)


def _receive(connection: ServerConnection, instance: socket.socket) -> None:
    with suppress(OSError, ConnectionClosed):
        for message in connection:
            instance.sendall(message if isinstance(message, bytes) else message.encode())
    with suppress(OSError):
        instance.shutdown(socket.SHUT_RDWR)  # ends the copy in the other direction
