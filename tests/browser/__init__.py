"""Tests in a real browser. A package, so that its fixtures end with it and Playwright's loop meets no other test."""
