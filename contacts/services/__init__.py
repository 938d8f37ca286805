"""What happens to contacts."""
