import { expect, test } from "vitest";
import { lastMonths, monthText } from "./months";

test("months go back over a year's end, in UTC", () => {
  expect(lastMonths(new Date("2026-01-31T23:30:00-02:00"), 4)).toEqual([
    "2026-02",
    "2026-01",
    "2025-12",
    "2025-11",
  ]);
});

test("a month's name does not depend on the zone", () => {
  expect(monthText("2026-03")).toBe("March 2026");
});
