// Before the first paint, so that a dark page never flashes white.
{
  let scheme = null;
  try {
    scheme = localStorage.getItem("motet-scheme");
  } catch {
    // Storage may be closed: the system's scheme is used.
  }
  if (scheme !== "light" && scheme !== "dark")
    scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.mantineColorScheme = scheme;
}
