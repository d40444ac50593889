"""A page on which a person checks labels in a browser, without a server."""
