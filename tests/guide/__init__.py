"""What the tests of the migration guide stand on: a reader of the guide, and Node for its snippets."""
