"""What tests of the engine share: small random models, adapters without files, and a loop."""

from motet_inference.engine.testing.record import Outcome, Record, add, drive
from motet_inference.engine.testing.small_model import small_config, small_engine, small_model
from motet_inference.engine.testing.small_slots import SmallSlots, adapter

__all__ = [
    "Outcome",
    "Record",
    "SmallSlots",
    "adapter",
    "add",
    "drive",
    "small_config",
    "small_engine",
    "small_model",
]
