"""A function's releases: its published versions, and the `live` alias that moves from one to another."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.errors import NoStackError, UsageError
from awsprov.resources.function.alias_history import AliasHistory
from awsprov.resources.function.canary import watch
from awsprov.resources.function.function import Function
from awsprov.resources.function.smoke_test import Smoke
from awsprov.resources.missing_ok import delete, none_if_missing

LIVE = "live"  # the alias that everybody calls
_GONE = ("ResourceNotFoundException",)
_BY = " by "  # between a release and who published it, in a version's description


@dataclass(eq=False, repr=False)
class Version(Resource):
    """A published version: the function as it is now, for ever. It goes with the function.

    The digest of everything that the function is made of is in its description, so that what was published can be told
    from what is wanted without a record of it; and so is who published it.
    """

    function: Function

    area = "serving"
    virtual = True
    deployed = True
    replace_triggered_by = frozenset({"function"})

    def find(self, aws: Aws) -> str:
        if not self.function.id:
            return ""
        release = self._release(aws)
        known = aws.cached(f"versions {self.function.id}", lambda: published(aws, self.function.id))
        return max((v["Version"] for v in known if _of(v) == release), key=int, default="")

    def _release(self, aws: Aws) -> str:
        made_of = json.dumps(
            {**self.function.wanted(aws), "variables": self.function.fingerprints(aws)}, sort_keys=True
        )
        return hashlib.sha256(made_of.encode()).hexdigest()[:32]

    def create(self, aws: Aws) -> str:
        release = self._release(aws)
        description = f"{release}{_BY}{aws.caller_name}"
        version = aws.lambda_.publish_version(FunctionName=self.function.id, Description=description)
        if _of(version) != release:
            # Lambda publishes nothing when nothing changed, and gives the last version with its old description.
            aws.lambda_.update_function_configuration(FunctionName=self.function.id, Description=description)
            self.function.settle(aws)
            version = aws.lambda_.publish_version(FunctionName=self.function.id, Description=description)
        return version["Version"]


@dataclass(eq=False, repr=False)
class Alias(Resource):
    """The name that everybody calls; moving it is a deploy, moving it back a rollback. Its id is `function:alias`.

    It moves to a version that takes requests and has answered the smoke request, in one call: whenever that call comes
    or does not come, it stands on a version that answers. After a rollback it stays until there is something new.

    Arguments:
        canary: the share of the requests, and the seconds, in which the version is watched before it goes live.
    """

    function: Function
    version: Version
    smoke: Smoke | None = None
    canary: tuple[float, float] | None = None

    area = "serving"
    deployed = True
    replace_triggered_by = frozenset({"function"})
    already_exists_codes = ("ResourceConflictException",)

    def recorded_inputs(self) -> Values:
        """Without the smoke request, which may hold anything."""
        return {"function": self.function.id, "version": self.version.id}

    def _get(self, aws: Aws) -> Any:
        return (
            none_if_missing(lambda: aws.lambda_.get_alias(FunctionName=self.function.id, Name=LIVE), missing=_GONE)
            or {}
        )

    def _now(self, aws: Aws) -> Any:
        """As it is; asked for once, and again when it was not there yet."""
        return aws.cached(f"Alias {self.name}", lambda: self._get(aws)) or self._get(aws)

    def find(self, aws: Aws) -> str:
        known = self.function.id and aws.cached(f"Alias {self.name}", lambda: self._get(aws))
        return f"{self.function.id}:{LIVE}" if known else ""

    def create(self, aws: Aws) -> str:
        self._prove(aws)
        aws.lambda_.create_alias(
            FunctionName=self.function.id, Name=LIVE, FunctionVersion=self.version.id, Description=str(AliasHistory())
        )
        return f"{self.function.id}:{LIVE}"

    def read(self, aws: Aws) -> Values:
        now = self._now(aws)
        return {"version": now.get("FunctionVersion", ""), "shares": _shares(now)}

    def wanted(self, aws: Aws) -> Values:
        live, trail = self.read(aws)["version"], self.trail(aws)
        wanted, self.note = self.version.id, ""
        if wanted.isdigit() and live.isdigit() and int(live) != int(wanted) <= trail.held:
            self.note = (
                f"{self.function.name}: version {live} is live because {trail.by} rolled back; config.yaml asks for "
                f"version {wanted}. So it stays until there is something new, or `awsprov rollback {wanted}`."
            )
            wanted = live
        return {"version": wanted, "shares": {}}

    def configure(self, aws: Aws, changes: Differences) -> None:
        live, wanted = changes.get("version", (self.version.id, self.version.id))
        if wanted == live:  # a canary was killed, and its version is wanted no more
            self._move(aws, live, self.trail(aws))
            return
        self._prove(aws)
        if self.canary and live.isdigit():
            self._share(aws, live, *self.canary)
        self._move(aws, wanted, self.trail(aws).after_deploy(live, wanted))

    def _share(self, aws: Aws, live: str, share: float, seconds: float) -> None:
        """Let the version serve some requests first; whatever ends that early gives them back to the live one."""
        new, trail = self.version.id, self.trail(aws)
        self.on_wait(f"while version {new} serves {share:.0%} of the requests for {seconds:.0f} s")
        self._move(aws, live, trail, {new: share})
        try:
            watch(aws, self.function.log_group.id, live, new, seconds)
        except BaseException:
            self._move(aws, live, trail)
            raise

    def _prove(self, aws: Aws) -> None:
        """Return when the version may go live.

        Raises:
            RejectedError: it may not.
        """
        self.function.settle(aws, self.version.id)
        if self.smoke:
            self.on_wait(f"for version {self.version.id} to answer the smoke request")
            self.smoke.send(aws, self.function.id, self.version.id)

    def _move(self, aws: Aws, version: str, trail: AliasHistory, shares: Mapping[str, float] | None = None) -> None:
        aws.lambda_.update_alias(
            FunctionName=self.function.id,
            Name=LIVE,
            FunctionVersion=version,
            Description=str(trail),
            RoutingConfig={"AdditionalVersionWeights": shares or {}},
        )

    def trail(self, aws: Aws) -> AliasHistory:
        """Where it has been."""
        return AliasHistory.read(self._now(aws).get("Description", ""))

    def roll_back(self, aws: Aws, version: str = "") -> tuple[str, str]:
        """Move to an earlier version, the last that was live by default; or forward again, when it is a later one.

        Returns the version that was live, and the one that is.

        Raises:
            NoStackError: nothing is live, or nothing was before.
            UsageError: there is no such version.
        """
        live, trail = str(self._now(aws).get("FunctionVersion", "")), self.trail(aws)
        if not live.isdigit():
            raise NoStackError(f"{self.function.name} has no live version.", remedy="Run `awsprov up` first.")
        known = [v["Version"] for v in published(aws, self.function.id)]  # one goes with the subnet that it was in
        to = version or next((str(before) for before in trail.before if str(before) in known), "")
        if not to:
            raise NoStackError(
                f"No version of {self.function.name} was live before version {live}.",
                why=f"Published: {', '.join(known)}.",
                remedy="`awsprov history` shows them; name the one that you want.",
            )
        if to not in known:
            raise UsageError(f"{self.function.name} has no version {to!r}.", why=f"It has {', '.join(known)}.")
        if to != live:
            self._move(
                aws, to, trail.after_rollback(int(live), int(to), max(int(each) for each in known), aws.caller_name)
            )
        return live, to

    def arn(self, aws: Aws) -> str:
        """Its ARN, which is known before it exists."""
        return aws.arn("lambda", f"function:{aws.stack}-{self.function.name}:{LIVE}")

    def delete(self, aws: Aws) -> None:
        function, alias = self.id.split(":")
        delete(aws, lambda: aws.lambda_.delete_alias(FunctionName=function, Name=alias), missing=_GONE)


def _shares(alias: Any) -> dict[str, float]:
    """Which other versions serve how much of the requests."""
    return dict((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def published(aws: Aws, function: str) -> list[Any]:
    """The published versions of a function, given its id, as Lambda describes them; oldest first."""
    pages = aws.lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return sorted((v for page in pages for v in page["Versions"] if v["Version"].isdigit()), key=_number)


def publisher(version: Any) -> str:
    """Who published a version; empty when it does not say so."""
    return str(version.get("Description", "")).partition(_BY)[2]


def _number(version: Any) -> int:
    return int(version["Version"])


def _of(version: Any) -> str:
    """The release that a version is of."""
    return str(version.get("Description", "")).partition(_BY)[0]
