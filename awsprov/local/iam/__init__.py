"""IAM: who signed a call, what a call of a user needs, and whether the user's policies allow it."""
