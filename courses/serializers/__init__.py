"""What the API of courses takes and answers."""
