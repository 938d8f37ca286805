"""What happens to courses and enrolments."""
