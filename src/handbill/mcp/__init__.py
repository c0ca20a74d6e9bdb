"""The tools over MCP: stdio.py for `handbill mcp`, http.py for `/mcp` in `handbill serve`. Read server.py first."""
