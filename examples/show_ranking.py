"""Print the result of the demo, read from stdin, as a table."""

import json
import sys

result = json.load(sys.stdin)
print(f"{result['requirement']}: the offers that fit best")
for rank, offer in enumerate(result["ranking"], start=1):
    words = ", ".join(word["word"] for word in offer["words"])
    print(f"{rank:>3}. {offer['score']:.3f}  {offer['title']:<16} {words}")
