import { expect, test } from "vitest";
import { shares, split } from "./shares";

test("one version has it all", () => {
  expect(shares(split(3, null, 20))).toBe("@3");
  expect(shares(split(3, 3, 20))).toBe("@3");
  expect(shares(split(3, 4, 0))).toBe("@3");
  expect(shares(split(3, 4, 100))).toBe("@4");
});
test("two share it", () => {
  expect(split(2, 3, 20)).toEqual([
    { version: 2, weight: 80 },
    { version: 3, weight: 20 },
  ]);
  expect(shares(split(2, 3, 20))).toBe("@2 80 %, @3 20 %");
  expect(
    shares([
      { version: 1, weight: 1 },
      { version: 2, weight: 2 },
    ]),
  ).toBe("@1 33 %, @2 67 %");
});
