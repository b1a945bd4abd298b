"""Every page: its address and its heading."""

GUEST = {
    "login": ("/login", "Sign in"),
    "signup": ("/signup", "Create an account"),
    "reset": ("/reset-password", "Reset the password"),
}
INSIDE = {
    "overview": ("/", "Overview"),
    "start": ("/start", "First call"),
    "playground": ("/playground?models=motet-tiny%2Cdemo%2Fpirate%2Cdemo%2Fsql", "Playground"),
    "adapters": ("/adapters", "Adapters"),
    "adapter": ("/adapters/pirate", "demo/pirate"),
    "models": ("/models", "Models"),
    "model": ("/models/motet-tiny", "motet-tiny"),
    "keys": ("/keys", "API keys"),
    "usage": ("/usage", "Usage"),
    "billing": ("/billing", "Billing"),
    "team": ("/team", "Team"),
    "status": ("/status", "Status"),
    "settings": ("/settings", "Settings"),
}
