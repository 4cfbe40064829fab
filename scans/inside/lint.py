"""Runs in parliament's own environment: reads policies from stdin, as JSON by name, and prints the findings as JSON."""

import json
import sys

from parliament import analyze_policy_string

found = [
    [name, finding.issue, str(finding.detail)]
    for name, document in json.load(sys.stdin).items()
    for finding in analyze_policy_string(json.dumps(document)).findings
]
json.dump(found, sys.stdout)
