"""One command a file; each only reads its arguments and calls a flow."""
