"""What staff and SendGrid do to mail: sending one once more, and telling what became of it."""
