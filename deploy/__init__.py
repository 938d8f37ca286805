"""What production needs besides the applications: gunicorn, the health check, the step before each start."""
