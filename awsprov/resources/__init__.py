"""The kinds of resources, by area: a class for each, with its verbs."""
