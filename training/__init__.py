"""What changes the language model. May import chat; chat never imports this."""
