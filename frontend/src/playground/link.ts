import type { Search } from "./settings";

const MOST_BYTES = 4_000; // as an address spells it; a server refuses one that is too long

const LONG = { system: "the system prompt", prompt: "the prompt" } as const;
type Long = keyof typeof LONG;

/** What of it an address can carry, and the words for what it cannot. */
export function fitting(search: Search): { search: Search; without: string[] } {
  const over = (Object.keys(LONG) as Long[]).filter(
    (name) => new URLSearchParams({ name: search[name] ?? "" }).toString().length > MOST_BYTES,
  );
  return {
    search: { ...search, ...Object.fromEntries(over.map((name) => [name, undefined])) },
    without: over.map((name) => LONG[name]),
  };
}
