"""Runs in parliament's own environment: policies on stdin, as JSON by name; what it finds on stdout, name and issue."""

import json
import sys

from parliament import analyze_policy_string

found = [
    [name, finding.issue, str(finding.detail)]
    for name, document in json.load(sys.stdin).items()
    for finding in analyze_policy_string(json.dumps(document)).findings
]
json.dump(found, sys.stdout)
