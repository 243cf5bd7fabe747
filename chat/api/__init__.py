"""REST under /api/v1/: what the chat page shows, for programs. Views translate; flows in accounts/ and rooms/ act."""
