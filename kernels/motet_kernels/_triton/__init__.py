"""The Triton side. Only this folder imports triton, and only the public operations import it,
when they first meet a CUDA tensor."""

try:
    import triton  # noqa: F401
except ImportError as error:
    raise ImportError("CUDA tensors need triton: install motet with its `gpu` extra") from error
