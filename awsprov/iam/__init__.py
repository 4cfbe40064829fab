"""The IAM actions that awsprov calls, and the policies printed from them."""
