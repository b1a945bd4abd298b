import { expect, test } from "vitest";
import { charged, sum } from "./exact";

test.each([
  ["0.10", 14, "0.0000014"],
  ["0.05", 16, "0.0000008"],
  ["0.20", 37, "0.0000074"],
  ["0.000001", 1, "0.000000000001"],
  ["3.00", 1_000_000, "3.00"],
  ["15.00", 9_007_199_254_740_991, "135107988821.114865"],
  ["0.10", 0, "0.00"],
])("%s a million, %i tokens", (price, tokens, amount) =>
  expect(charged(price, tokens)).toBe(amount),
);

test("amounts add up to the last digit, below zero too", () => {
  expect(sum([])).toBe("0.00");
  expect(sum(["0.1", "0.2"])).toBe("0.30");
  expect(sum(["25.00", "-0.000000000001", "-30"])).toBe("-5.000000000001");
  expect(sum(["-0.5", "0.25"])).toBe("-0.25");
});
