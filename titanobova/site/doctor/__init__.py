"""`manage.py doctor`: tries each part that titanobova leans on, and says how to mend what is wrong."""
