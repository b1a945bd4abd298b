import { expect, test } from "vitest";
import { highest, series, times } from "./series";

interface Row {
  at: string;
  who: string;
  n: number;
}
const of = { time: (row: Row) => row.at, name: (row: Row) => row.who, value: (row: Row) => row.n };

test("every time is there, the largest first, the rest together", () => {
  const rows = Array.from({ length: 12 }, (_, n) => ({ at: "d2", who: `m${n}`, n: n + 1 }));
  const { names, points } = series(rows, ["d1", "d2"], of);
  expect(names).toHaveLength(11);
  expect(names[0]).toBe("m11");
  expect(names.at(-1)).toBe("Other");
  expect(points.map((point) => point.time)).toEqual(["d1", "d2"]);
  expect(points[0]?.values).toEqual({});
  expect(points[1]?.values.Other).toBe(1 + 2);
  const sum = Object.values(points[1]?.values ?? {}).reduce((a, b) => a + b, 0);
  expect(sum).toBe(78);
  expect(highest({ names, points })).toBe(78);
});

test("days and hours as the API writes them", () => {
  const start = Date.parse("2026-11-22T22:30:00Z");
  const end = Date.parse("2026-11-24T00:10:00Z");
  expect(times(start, end, "day")).toEqual(["2026-11-22", "2026-11-23", "2026-11-24"]);
  expect(times(start, end, "hour").slice(0, 2)).toEqual([
    "2026-11-22T22:00:00Z",
    "2026-11-22T23:00:00Z",
  ]);
});
