"""Programs that are sent to the builder and run there, under the function's Python: standard library only."""
