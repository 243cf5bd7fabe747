"""What keeps open sockets up to date: one hub a web process, one view per open room, one pump per live reply."""
