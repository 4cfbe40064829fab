"""Every command with its arguments, for each view that it prints; for tests of all output."""

import re
from collections.abc import Iterator, Mapping, Sequence

Views = Mapping[str, Sequence[Sequence[str]]]  # the arguments of each command, for each of its views
# What prints the same each time: it is compared with what it prints on a terminal that is wide enough for all.
BEFORE: Views = {
    "doctor": [[]], "plan": [[], ["-v"]], "cost": [[]], "config show": [[], ["--origin"]], "status": [[]],
    "explain": [[]], "lock": [["--check"]], "stages": [[]], "help": [[], ["indexes"], ["up"]],
}  # fmt: skip
AFTER: Views = {
    "plan": [[], ["-v"]], "status": [[], ["--stage", "other"]], "cost": [[]], "history": [[]], "explain": [[]],
    "libs list": [[]], "libs diff": [["1", "2"]], "libs why": [[]], "libs mount": [[]], "libs verify": [[]],
    "logs": [[], ["--errors"], ["--api"], ["--builder"]], "stages": [[]], "local status": [[]], "local list": [[]],
    "local env": [[]], "local open": [["--no-browser"]], "policy": [[], ["--part", "9"], ["--boundary"]],
    "graph": [[], ["--format", "dot"]], "completion": [["bash"]], "unlock": [[]], "lock": [[], ["--check"]],
    "down": [["--confirm", "wrong"]], "local secret": [["ssm:/views/secret"]],
}  # fmt: skip
# What changes the stack: each is run at some widths, in this order.
CHANGES: Views = {
    "invoke": [["{}"], ["--http", "{}"], ["--tail", '{"fail": true}'], ["--dry-run"], ["--async", "{}"],
               ["--batch", "{records}"]],
    "deploy": [[]], "rollback": [["1"], ["7"]], "pause": [["--yes"]], "resume": [["--yes"]], "up": [["--yes"]],
    "libs prune": [["--yes"]], "history": [["--prune", "--keep", "2"]], "recover": [[]], "ssh": [["--", "true"]],
    "policy": [["--prove", "--function", "answer"]], "egress": [[]],
    "export terraform": [["{elsewhere}/terraform"]], "export cloudformation": [["{elsewhere}/template"]],
    "init": [["--config", "{elsewhere}/config.yaml", "--yes"]], "local start": [[]],
    "local stop": [["--state-dir", "{elsewhere}"]], "local reset": [["--state-dir", "{elsewhere}", "--yes"]],
}  # fmt: skip


def calls(views: Views, **values: str) -> Iterator[list[str]]:
    """The words of each command line."""
    for name, all_arguments in views.items():
        for arguments in all_arguments:
            yield [*name.split(), *(re.sub(r"\{(\w+)\}", lambda found: values[found[1]], word) for word in arguments)]
