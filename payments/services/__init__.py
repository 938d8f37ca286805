"""What happens to payments."""
