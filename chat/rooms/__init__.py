"""What a user does with rooms: open, rename, end, delete. One verb a file."""
