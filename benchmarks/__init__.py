"""How fast awsprov is, as ratios that are measured in one run: `make bench`."""
