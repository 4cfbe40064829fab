"""One page on this machine that shows a stack and speaks to its functions: what is seen, and who serves it."""
