"""`manage.py backup` and `manage.py restore`: all that is stored, in one file that proves itself whole."""
