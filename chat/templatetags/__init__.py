"""What the page templates need beyond Django's own tags."""
