"""Shows the demo's answer, read from stdin, as a person would like to read it."""

import json
import sys

answer = json.load(sys.stdin)
print(f"{answer['requirement']}: the offers that fit best")
for place, offer in enumerate(answer["ranking"], start=1):
    words = ", ".join(word["word"] for word in offer["words"])
    print(f"{place:>3}. {offer['score']:.3f}  {offer['title']:<16} {words}")
