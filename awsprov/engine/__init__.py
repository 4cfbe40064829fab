"""Plan and apply: resources, their graph, the state on disk. Knows no AWS service."""
