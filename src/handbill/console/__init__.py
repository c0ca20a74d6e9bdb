"""Pages for people, on this machine alone. Read pages.py first: it serves them; connect_page.py is one."""
