"""What `manage.py` finds here: the commands of training."""
