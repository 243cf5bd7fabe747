"""What a user meets: rooms, replies, characters. Never imports `training`."""
