"""A function's code and its libraries: the bundle, the requirements, the lock file, the environment."""
