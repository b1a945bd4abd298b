/** What a playground is set to; it lives in the address, so that a link carries all of it. */
export interface Settings {
  models: string[];
  system: string;
  temperature: number | null;
  max: number | null;
}

export interface Search {
  models?: string;
  prompt?: string;
  system?: string;
  temperature?: string;
  max?: string;
}

export const MOST = 5; // the base and four adapters

export function read(search: Search): Settings {
  return {
    models: [...new Set((search.models ?? "").split(",").filter(Boolean))].slice(0, MOST),
    system: search.system ?? "",
    temperature: number(search.temperature, 0, 2),
    max: number(search.max, 1, 100_000),
  };
}

export function write(settings: Settings, prompt?: string): Search {
  return {
    models: settings.models.join(",") || undefined,
    system: settings.system || undefined,
    temperature: settings.temperature === null ? undefined : String(settings.temperature),
    max: settings.max === null ? undefined : String(settings.max),
    prompt: prompt || undefined,
  };
}

function number(text: string | undefined, low: number, high: number): number | null {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : null;
}
