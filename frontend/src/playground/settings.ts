import type { Sampling } from "../chat/sampling";

/** What a playground is set to; it lives in the address, so that a link carries all of it. */
export interface Settings {
  models: string[];
  system: string;
  temperature: number | null;
  topP: number | null;
  max: number | null;
  seed: number | null;
}

export interface Search {
  models?: string;
  prompt?: string;
  system?: string;
  temperature?: string;
  top_p?: string;
  max?: string;
  seed?: string;
}

export const MOST = 5; // the base and four adapters

export function read(search: Search): Settings {
  return {
    models: [...new Set((search.models ?? "").split(",").filter(Boolean))].slice(0, MOST),
    system: search.system ?? "",
    temperature: number(search.temperature, 0, 2),
    topP: number(search.top_p, 0, 1),
    max: number(search.max, 1, 100_000),
    seed: number(search.seed, 0, 2 ** 31 - 1),
  };
}

export function write(settings: Settings, prompt?: string): Search {
  return {
    models: settings.models.join(",") || undefined,
    system: settings.system || undefined,
    temperature: written(settings.temperature),
    top_p: written(settings.topP),
    max: written(settings.max),
    seed: written(settings.seed),
    prompt: prompt || undefined,
  };
}

/** The settings that are sent, under the API's names. */
export const samplingOf = ({ temperature, topP, max, seed }: Settings): Sampling => ({
  temperature,
  top_p: topP,
  max_tokens: max,
  seed,
});

function number(text: string | undefined, low: number, high: number): number | null {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : null;
}

const written = (value: number | null): string | undefined =>
  value === null ? undefined : String(value);
