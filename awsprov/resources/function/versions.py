"""Published versions of a function."""

import hashlib
import json
from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.errors import UsageError
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.compute.published_files import PublishedFiles
from awsprov.resources.function.function import Function
from awsprov.resources.function.published_versions import BY, digest_of, published


@dataclass(eq=False, repr=False)
class Version(Resource):
    """A published version of a function: an immutable copy, which is deleted with the function.

    Its description holds the digest of everything that the function consists of, so that a version can be compared with
    config.yaml without a record here, and the name of the caller who published it.

    Arguments:
        function: the function.
        libraries: the libraries, which must be published before.
        files: the files, which must be published before; None for none.
    """

    function: Function
    libraries: Libraries
    files: PublishedFiles | None = None

    area = "serving"
    virtual = True
    deployed = True
    replace_triggered_by = frozenset({"function"})

    def find(self, aws: Aws) -> str:
        if not self.function.id:
            return ""
        try:
            digest = self._digest(aws)
        except (OSError, UsageError):  # no code to compare with; what needs it fails at the function
            return ""
        known = aws.cached(f"versions {self.function.id}", lambda: published(aws, self.function.id))
        return max((v["Version"] for v in known if digest_of(v) == digest), key=int, default="")

    def _digest(self, aws: Aws) -> str:
        content = json.dumps(self.function.fingerprint(aws), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    def create(self, aws: Aws) -> str:
        """Publish it, with the /tmp that the libraries need, which are published now."""
        self.function.resize_tmp(aws)
        digest = self._digest(aws)
        description = f"{digest}{BY}{aws.caller_name}"
        version = aws.lambda_.publish_version(FunctionName=self.function.id, Description=description)
        if digest_of(version) != digest:
            # When nothing changed, Lambda publishes nothing and returns the last version with its old description.
            aws.lambda_.update_function_configuration(FunctionName=self.function.id, Description=description)
            self.function.wait_until_active(aws)
            version = aws.lambda_.publish_version(FunctionName=self.function.id, Description=description)
        return version["Version"]
