"""Programs that run on the builder: `python3.12 builder.zip PROGRAM …`. Standard library only."""
