import type { components } from "../api/schema";

type Counters = components["schemas"]["CountersOut"];

export interface Rate {
  output: number; // tokens a second
  prompt: number; // tokens a second, those out of the cache included
}

/** What a worker did between two looks; null without two looks at the same run of it. */
export function rate(before: Counters | null | undefined, now: Counters | null): Rate | null {
  if (!before || !now) return null;
  const seconds = now.uptime_s - before.uptime_s;
  if (seconds <= 0) return null;
  return {
    output: (now.completion_tokens - before.completion_tokens) / seconds,
    prompt: (now.prompt_tokens - before.prompt_tokens) / seconds,
  };
}
