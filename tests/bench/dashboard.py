"""How soon the dashboard can be used: python -m tests.bench.dashboard [--loads 9]

A real Chromium signs in to a real platform (`motet up`: database, gateway, tasks, CPU worker) and
loads the overview, as a desktop and as a phone (a quarter of this machine's speed, a line of
1.6 Mbit/s with 150 ms), with nothing in the browser's cache and again with all of it. Times count
from the navigation: first paint; the page's heading and menu standing; interactive, which is when
they stand, every figure is there, and no task blocks the page any more.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet_platform.supervisor.testing import LivePlatform, until
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.e2e.dashboard.browser import Person, chromium, require_built

SETTINGS = {"OMP_NUM_THREADS": "1", "MOTET_WORKER_THREADS": "1"}
KILOBIT = 1000 / 8

# Runs before the page's own scripts. Long tasks (over 50 ms) are what blocks a page.
WATCH = """
const seen = {standing: null, known: null, blocked: 0};
window.seen = seen;
new PerformanceObserver(list => {
  for (const task of list.getEntries())
    if (seen.known === null || task.startTime < seen.known)
      seen.blocked = Math.max(seen.blocked, task.startTime + task.duration);
}).observe({type: "longtask", buffered: true});
const look = () => {
  const stands = document.querySelector("main h1")?.textContent === "Overview"
    && document.querySelector("nav a") !== null;
  if (!stands) return;
  seen.standing ??= performance.now();
  if (seen.known === null && document.querySelector("main dd") !== null
      && document.querySelector(".mantine-Skeleton-root") === null) seen.known = performance.now();
};
new MutationObserver(look).observe(document, {childList: true, subtree: true});
"""
READ = """() => ({
  ...window.seen,
  painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  script: performance.getEntriesByType("resource")
    .filter(entry => entry.name.endsWith(".js"))
    .reduce((sum, entry) => sum + entry.transferSize, 0),
})"""


@dataclass(frozen=True)
class Profile:
    name: str
    options: dict[str, Any]
    slowdown: int = 1
    line: dict[str, float] | None = None  # as the browser's protocol calls it


PROFILES = [
    Profile("desktop", {"viewport": {"width": 1280, "height": 860}}),
    Profile(
        "phone",
        {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
        slowdown=4,
        line={
            "latency": 150,
            "downloadThroughput": 1600 * KILOBIT,
            "uploadThroughput": 750 * KILOBIT,
        },
    ),
]


@contextmanager
def live() -> Iterator[LivePlatform]:
    folder = Path(tempfile.mkdtemp(prefix="motet-bench-"))
    folder.chmod(0o711)  # PostgreSQL's user passes through
    platform = LivePlatform(folder, SETTINGS)
    try:
        platform.start()
        yield platform
    finally:
        if platform.process is not None:
            platform.stop()
        shutil.rmtree(folder, ignore_errors=True)


def load(context: BrowserContext, profile: Profile) -> dict[str, float]:
    """One load of the overview in a new tab; times in ms, `script` in bytes over the line."""
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Emulation.setCPUThrottlingRate", {"rate": profile.slowdown})
    if profile.line is not None:
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", {"offline": False, **profile.line})
    page.add_init_script(WATCH)
    page.goto("/", timeout=60_000)
    # Asked from outside: the page's policy forbids a predicate that is a text.
    until(lambda: page.evaluate("window.seen.known") is not None, "the figures are there")
    page.wait_for_timeout(1000)  # a task that began before is still to be told
    found = page.evaluate(READ)
    page.close()
    return {
        "first paint": found["painted"],
        "standing": found["standing"],
        "interactive": max(found["known"], found["blocked"]),
        "script": found["script"],
    }


def measure(
    chrome: Browser, platform: LivePlatform, profile: Profile, state: Any, loads: int
) -> dict[str, list[dict[str, float]]]:
    """Loads with a cold and with a warm cache."""
    found: dict[str, list[dict[str, float]]] = {"cold": [], "warm": []}
    for _ in range(loads):
        context = chrome.new_context(
            base_url=platform.url, storage_state=state, reduced_motion="reduce", **profile.options
        )
        for cache in found:
            found[cache].append(load(context, profile))
        context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loads", type=int, default=9, help="per profile and state of the cache")
    loads = parser.parse_args().loads
    require_built()
    with live() as platform, sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        person = Person(chrome, platform)
        person.sign_in(platform.demo["email"], platform.demo["password"])
        state = person.context.storage_state()
        person.close()
        for profile in PROFILES:
            for cache, runs in measure(chrome, platform, profile, state, loads).items():
                medians = {
                    name: round(statistics.median(run[name] for run in runs)) for name in runs[0]
                }
                worst = round(max(run["interactive"] for run in runs))
                summary = {"profile": profile.name, "cache": cache, **medians, "worst": worst}
                print(json.dumps(summary))
        chrome.close()


if __name__ == "__main__":
    main()
