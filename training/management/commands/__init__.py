"""One command a file; each only reads its arguments, calls a flow and tells what came of it."""
