"""From bytes of the web to pictures of an encoder's size."""
