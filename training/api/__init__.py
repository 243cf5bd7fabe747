"""REST API of the flywheel, for staff's programs. Looks like chat's: same errors, same document."""
