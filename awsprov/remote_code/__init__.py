"""Code that runs elsewhere: on the builder and in the function. Standard library only."""
