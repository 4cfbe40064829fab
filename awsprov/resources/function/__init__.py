"""Lambda: function, versions, alias, log group, smoke test and canary."""
