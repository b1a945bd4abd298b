"""The two files that make an adapter version, and how large each may be."""

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
MAX_BYTES = {CONFIG_FILE: 64 * 1024, WEIGHTS_FILE: 8 << 30}
# They are copied in parts of so many bytes.
CHUNK = 1 << 20
