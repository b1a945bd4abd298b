import { expect, test } from "vitest";
import { decimals, ticks } from "./ticks";

test.each([
  [60, [0, 20, 40, 60]],
  [1366, [0, 500, 1000, 1500]],
  [0.00038, [0, 0.0001, 0.0002, 0.0003, 0.0004]],
  [7, [0, 2, 4, 6, 8]],
  [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
])("up to %s", (most, marks) => expect(ticks(most)).toEqual(marks));

test("what is counted has no halves", () => {
  expect(ticks(1, 1)).toEqual([0, 1]);
  expect(ticks(3, 1)).toEqual([0, 1, 2, 3]);
  expect(ticks(0, 1)).toEqual([0, 1]);
});
test("the highest bar is always below the highest mark, and the marks are few", () => {
  for (let most = 1e-9; most < 1e12; most *= 1.37) {
    const marks = ticks(most);
    expect(marks.at(-1)).toBeGreaterThanOrEqual(most * 0.999999);
    expect(marks.length).toBeLessThanOrEqual(7);
  }
});
test("amounts on an axis differ in what is shown of them", () => {
  expect(decimals([0, 0.0001])).toBe(4);
  expect(decimals([0, 0.005])).toBe(3);
  expect(decimals([0, 50])).toBe(2);
});
