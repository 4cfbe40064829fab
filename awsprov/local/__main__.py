"""The daemon of the local cloud. `awsprov local start` runs it in the background."""

import argparse
import functools
import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from awsprov.files import make_private_directory
from awsprov.local import check_links
from awsprov.local.cloud import ACCOUNT, ACCOUNT_CONCURRENCY, Cloud
from awsprov.local.inherited import close_environment

close_environment()
# moto reads these variables when it is imported.
os.environ.update(
    MOTO_ACCOUNT_ID=ACCOUNT,
    MOTO_LAMBDA_CONCURRENCY_QUOTA=str(ACCOUNT_CONCURRENCY),  # without it, moto enforces none
    MOTO_DISABLE_GLOBAL_CORS="true",
    MOTO_IAM_LOAD_MANAGED_POLICIES="true",
    MOTO_ENABLE_AMI_VALIDATION="true",
    MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION="true",
    MOTO_ENABLE_KEYPAIR_VALIDATION="true",
)


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    options = _options()
    try:
        _share_service_models()
        from awsprov.local.daemon.server import serve  # after the environment above

        directory = Path(options.directory).resolve()
        make_private_directory(directory)
        check_links(directory)
        cloud = Cloud(
            directory,
            options.port,
            options.pace,
            options.consistency,
            options.any_key,
            options.front_port,
        )
        serve(cloud, options.idle_exit, lambda record: _report(options.ready_fd, record))
    except Exception as error:
        traceback.print_exc()
        _report(options.ready_fd, {"error": f"{type(error).__name__}: {error}", "kind": type(error).__name__})
        os._exit(1)  # threads that have been started would keep the process alive
    return 0


def _share_service_models() -> None:
    """Share botocore's service models between all sessions of this process.

    moto creates many sessions when it is imported. Each would read EC2's 4 MB: a quarter of the time of a start.
    """
    import botocore.session  # after the environment above

    botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def _report(descriptor: int, record: dict[str, Any]) -> None:
    """Write the record to the pipe of the process that started this one, or to standard output."""
    if descriptor < 0:
        print(json.dumps(record), flush=True)
        return
    try:
        os.write(descriptor, json.dumps(record).encode() + b"\n")
        os.close(descriptor)
    except OSError:  # the other end is closed
        return


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="python -m awsprov.local", description=__doc__)
    parser.add_argument("--directory", required=True, help="the directory of the cloud's files")
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0: any free one")
    parser.add_argument("--pace", type=float, default=0.0, help="0: no delays, 1: as slow as AWS")
    parser.add_argument("--consistency", type=float, default=0.0, help="seconds for which new IDs are not found")
    parser.add_argument("--any-key", action="store_true", help="accept any key pair, and verify no signatures")
    parser.add_argument("--front-port", type=int, default=0, help="TCP port of the APIs; 0 or in use: any free one")
    parser.add_argument(
        "--idle-exit",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="exit after this time without requests and SSH sessions",
    )
    parser.add_argument("--ready-fd", type=int, default=-1, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)  # a thread that still runs, such as one that waits for an installer, would keep the process alive
