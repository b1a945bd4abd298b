"""motet-tiny: a small Llama-architecture assistant and three LoRA adapters that ship with Motet.

Only paths live here, so that importing this package costs nothing. `train` makes the files,
`evaluate` scores them.
"""

from pathlib import Path

_HERE = Path(__file__).parent

BASE: Path = _HERE / "base"
"""The base checkpoint, a Hugging Face folder."""

ADAPTERS: dict[str, Path] = {
    name: _HERE / "adapters" / name for name in ("triage", "sql", "pirate")
}
"""Adapter name -> its PEFT folder (adapter_config.json, adapter_model.safetensors)."""
