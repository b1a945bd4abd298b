"""Which base models are served, and at what price."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from motet_billing.services import price_set

from motet_platform.adapters.gate.base import BaseShape
from motet_platform.adapters.gate.refusal import Refusal
from motet_platform.catalog.models import BaseModel
from motet_platform.errors import InvalidRequest

# What makes two folders different bases, beside the weights' own index.
_IDENTITY = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors.index.json",
)


@dataclass(frozen=True)
class PriceIn:
    """Micro-USD per 1M tokens."""

    input: int
    cached_input: int
    output: int


def base_add(*, name: str, folder: Path, price: PriceIn) -> BaseModel:
    """Registers the Hugging Face model in `folder`, or brings its row up to date. Safe to repeat.

    InvalidRequest for a folder without config.json, or a family that is not served.
    """
    config = _config(folder)
    try:
        shape = BaseShape.of(config)
    except Refusal as refusal:
        raise InvalidRequest(refusal.message, code=refusal.code) from None
    with transaction.atomic():
        base = BaseModel.objects.select_for_update().filter(name=name).first() or BaseModel(
            name=name
        )
        base.config = dict(config)
        base.revision = _revision(folder)
        base.context_length = shape.context_length
        base.active = True
        base.full_clean()
        base.save()
        price_set(sku=name, input=price.input, cached_input=price.cached_input, output=price.output)
    return base


def _config(folder: Path) -> Mapping[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{folder} has no readable config.json: {error}") from None
    if not isinstance(config, dict):
        raise InvalidRequest(f"{folder}/config.json is not an object.")
    return config


def _revision(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in _IDENTITY:
        path = folder / name
        if path.is_file():
            digest.update(name.encode() + b"\0" + path.read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(f"{path.name}\0{path.stat().st_size}".encode())
    return digest.hexdigest()[:16]
