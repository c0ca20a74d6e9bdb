"""Messages made from templates and people, in child processes that may fail without harm. Begin with `pool`."""
