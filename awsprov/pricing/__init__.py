"""The cost of a stack: the price table, AWS's price list, and the estimate."""
