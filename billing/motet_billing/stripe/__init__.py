"""Stripe as the payment rail: what people pay becomes paid lots, what they get back leaves.

The ledger stays the authority. Nothing here calls Stripe inside a database transaction.
"""
