// Numbers and times as people read them. Amounts come as exact decimal strings in USD.

const whole = new Intl.NumberFormat("en-US");
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value: number): string => whole.format(value);
export const compact = (value: number): string =>
  value < 10_000 ? whole.format(value) : short.format(value);

/** The exact amount: "$0.0000124". */
export function exactUsd(amount: string): string {
  return amount.startsWith("-") ? `-$${amount.slice(1)}` : `$${amount}`;
}

/** The amount for a glance: cents, or two significant digits below a cent. */
export function usd(amount: string | number): string {
  const value = Number(amount);
  const size = Math.abs(value);
  const sign = value < 0 ? "-" : "";
  if (size === 0) return "$0.00";
  if (size >= 0.01) {
    return `${sign}$${size.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  }
  const digits = Math.min(12, 1 - Math.floor(Math.log10(size)));
  return `${sign}$${size.toFixed(digits)}`;
}

export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export const percent = (part: number, all: number): string =>
  all === 0 ? "0 %" : `${((100 * part) / all).toFixed(part === 0 ? 0 : 1)} %`;

// In UTC, as everything that is charged by the day, and said so: a day differs from zone to zone.
const UTC = { dateStyle: "medium", timeZone: "UTC" } as const;

export const dateTime = (iso: string): string =>
  `${new Date(iso).toLocaleString(undefined, { ...UTC, timeStyle: "medium" })} UTC`;

export const date = (iso: string): string =>
  `${new Date(iso).toLocaleDateString(undefined, UTC)} UTC`;

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function ago(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return seconds > 5 ? "in a moment" : "just now";
}

export const isPast = (iso: string): boolean => Date.parse(iso) < Date.now();
