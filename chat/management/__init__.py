"""What `manage.py` finds here: the commands of the chat application."""
