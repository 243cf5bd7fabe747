"""What a user's words mean, read outside the language model: pure functions over text and data files."""
