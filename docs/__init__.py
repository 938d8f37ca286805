"""What draws the pictures of these pages from the code."""
