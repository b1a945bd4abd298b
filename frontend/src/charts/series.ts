import { MOST } from "./palette";

/** A value per name at one time. */
export interface Point {
  time: string;
  values: Record<string, number>;
}

export interface Series {
  names: string[];
  points: Point[];
}

const REST = "Other";

/** Rows as a series over all `times`: the largest names by themselves, the rest as "Other". */
export function series<Row>(
  rows: Row[],
  times: string[],
  of: { time: (row: Row) => string; name: (row: Row) => string; value: (row: Row) => number },
): Series {
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(of.name(row), (totals.get(of.name(row)) ?? 0) + of.value(row));
  const ranked = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const own = new Set(ranked.slice(0, MOST));
  const points = new Map(times.map((time): [string, Point] => [time, { time, values: {} }]));
  for (const row of rows) {
    const point = points.get(of.time(row));
    if (point === undefined) continue;
    const name = own.has(of.name(row)) ? of.name(row) : REST;
    point.values[name] = (point.values[name] ?? 0) + of.value(row);
  }
  return {
    names: ranked.length > MOST ? [...own, REST] : [...own],
    points: [...points.values()],
  };
}

/** The sum of the tallest stack. */
export const highest = ({ points }: Series): number =>
  Math.max(0, ...points.map(({ values }) => Object.values(values).reduce((a, b) => a + b, 0)));

/** The starts of all hours or days (UTC) from `start` to `end`, as the API writes them. */
export function times(start: number, end: number, bucket: "hour" | "day"): string[] {
  const step = bucket === "hour" ? 3_600_000 : 86_400_000;
  const found: string[] = [];
  for (let at = Math.floor(start / step) * step; at <= end; at += step) {
    const iso = new Date(at).toISOString();
    found.push(bucket === "hour" ? iso.replace(".000Z", "Z") : iso.slice(0, 10));
  }
  return found;
}
