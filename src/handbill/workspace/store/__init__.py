"""The store: every operation once, as a function of a `Transaction`; SQL in named queries beside it."""
