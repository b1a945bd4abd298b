"""A stand-in for Stripe's API, for tests and for `make up` from a checkout. It moves no money.

Requests are held against the parameter types of the installed SDK; what is not implemented answers
501. See __main__.py for how to start it.
"""
