"""Accounts: who may come in, what they agreed to, and how they take everything out again. One verb a file."""
