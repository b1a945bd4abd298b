export const RANGES = {
  "24h": { label: "24 hours", hours: 24, bucket: "hour" },
  "7d": { label: "7 days", hours: 168, bucket: "day" },
  "30d": { label: "30 days", hours: 720, bucket: "day" },
  "90d": { label: "90 days", hours: 2160, bucket: "day" },
} as const;
export type Range = keyof typeof RANGES;

export const isRange = (text: string | undefined): text is Range =>
  text !== undefined && text in RANGES;

/** When a range begins: a whole hour or day (UTC), so that the question stays the same for a while. */
export function startOf(range: Range, now = Date.now()): string {
  const { hours, bucket } = RANGES[range];
  const step = bucket === "hour" ? 3_600_000 : 86_400_000;
  return new Date(Math.floor((now - hours * 3_600_000) / step) * step + step).toISOString();
}
