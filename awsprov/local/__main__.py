"""`python -m awsprov.local`: the daemon. `awsprov local start` runs it; so may you, in the foreground."""

import argparse
import functools
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

# moto reads these when it is imported, so before anything else here is.
os.environ.update(
    MOTO_ACCOUNT_ID="123456789012",
    MOTO_DISABLE_GLOBAL_CORS="true",
    MOTO_IAM_LOAD_MANAGED_POLICIES="true",
    MOTO_ENABLE_AMI_VALIDATION="true",
    MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION="true",
    MOTO_ENABLE_KEYPAIR_VALIDATION="true",
)
for _name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE"):
    os.environ.pop(_name, None)  # the user's own, which botocore inside moto would follow


def main() -> int:
    """Run until told to end."""
    options = _options()
    try:
        _share_descriptions()
        from awsprov.local.cloud import Cloud  # noqa: PLC0415 - after the environment above
        from awsprov.local.daemon.server import serve  # noqa: PLC0415

        directory = Path(options.directory).resolve()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        cloud = Cloud(directory, options.port, options.pace, options.consistency, options.enforce_iam)
        serve(cloud, options.idle_exit, lambda record: _report(options.ready_fd, record))
    except Exception as error:
        traceback.print_exc()
        _report(options.ready_fd, {"error": f"{type(error).__name__}: {error}", "kind": type(error).__name__})
        os._exit(1)  # threads that were started by then would keep it alive
    return 0


def _share_descriptions() -> None:
    """Have all sessions of botocore in this process read AWS's descriptions once.

    moto opens one after the other while it is imported, and each would read EC2's 4 MB: a quarter of the whole start.
    """
    import botocore.session  # noqa: PLC0415 - after the environment above

    botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def _report(descriptor: int, record: dict[str, Any]) -> None:
    """Tell who started this, on the pipe that they left open; or whoever looks."""
    if descriptor < 0:
        print(json.dumps(record), flush=True)
        return
    try:
        os.write(descriptor, json.dumps(record).encode() + b"\n")
        os.close(descriptor)
    except OSError:  # they have gone, or have heard before
        return


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="python -m awsprov.local", description=__doc__)
    parser.add_argument("--directory", required=True, help="everything that the cloud keeps")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--pace", type=float, default=0.0, help="0: instant, 1: as slow as AWS")
    parser.add_argument("--consistency", type=float, default=0.0, help="seconds for which new ids are not found")
    parser.add_argument("--enforce-iam", action="store_true", help="IAM users may do what their policies say, no more")
    parser.add_argument("--idle-exit", type=float, default=0.0, metavar="SECONDS", help="end when unused for so long")
    parser.add_argument("--ready-fd", type=int, default=-1, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
