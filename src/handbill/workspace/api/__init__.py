"""The HTTP API of the workspace: one file per resource, each handler parses, calls and answers."""
