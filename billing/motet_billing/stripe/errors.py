"""What a payment can fail by, as a tree.

PaymentError
├── RefundRefused       more than is left of the payment, or than the wallet can give back
├── PaymentRefused      Stripe will not do it; the sentence is Stripe's
└── StripeUnavailable   Stripe did not answer, or not yet clearly: ask again
"""


class PaymentError(Exception):
    """Any refusal or failure of a payment."""


class RefundRefused(PaymentError):
    """The refund cannot be covered."""


class PaymentRefused(PaymentError):
    """Stripe said no, for good."""


class StripeUnavailable(PaymentError):
    """Whether Stripe did it is not known yet."""
