"""The gate: may this send go? It stands between tools and client, and only it makes calls that may send."""
