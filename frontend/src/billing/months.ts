// Months as the API names them: "2026-11", in UTC.

/** The month of a moment and those before it, the latest first. */
export function lastMonths(now: Date, count: number): [string, ...string[]] {
  const name = (back: number): string =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7);
  return [name(0), ...Array.from({ length: count - 1 }, (_, i) => name(i + 1))];
}

/** "November 2026" */
export const monthText = (month: string): string =>
  new Date(`${month}-01T00:00:00Z`).toLocaleDateString("en-US", {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
