"""The adapter gate: what two uploaded files must be before anything else looks at them.

Nothing here imports Django, safetensors or torch; `check` runs in a bounded child process (`run`
starts it, `child` is its entry). Every refusal is a `Refusal` with a stable code.
"""
