import { expect, test } from "vitest";
import { bytes, date, dateTime, duration, exactUsd, percent, usd } from "./format";

test.each([
  ["0", "$0.00"],
  ["5.00", "$5.00"],
  ["1234.5", "$1,234.50"],
  ["0.0000124", "$0.000012"],
  ["0.000000000001", "$0.000000000001"],
  ["-0.25", "-$0.25"],
])("%s for a glance is %s", (amount, shown) => expect(usd(amount)).toBe(shown));

test("exact amounts lose nothing", () => {
  expect(exactUsd("0.000000000001")).toBe("$0.000000000001");
  expect(exactUsd("-4.9998622")).toBe("-$4.9998622");
});

test("sizes, times and shares", () => {
  expect([bytes(0), bytes(999), bytes(90_200), bytes(4_294_967_296)]).toEqual([
    "0 B", "999 B", "90.2 kB", "4.3 GB",
  ]); // prettier-ignore
  expect([duration(12.4), duration(1234), duration(61_000)]).toEqual(["12 ms", "1.23 s", "61.0 s"]);
  expect([percent(0, 0), percent(0, 5), percent(1, 3)]).toEqual(["0 %", "0 %", "33.3 %"]);
});

test("a day is the same wherever it is read, and says whose it is", () => {
  const day = date("2026-03-01T12:00:00Z");
  expect(day).toMatch(/2026.* UTC$/);
  expect(date("2026-03-01T00:30:00Z")).toBe(day);
  expect(date("2026-03-01T23:30:00Z")).toBe(day);
  expect(dateTime("2026-03-01T23:30:00Z")).toMatch(/11:30:00.* UTC$|23:30:00.* UTC$/);
});
