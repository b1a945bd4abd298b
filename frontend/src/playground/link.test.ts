import { expect, test } from "vitest";
import { fitting } from "./link";

test("what is too long for an address stays out of it", () => {
  const search = { models: "motet-tiny", system: "é".repeat(1_000), prompt: "short" };
  expect(fitting(search)).toEqual({
    search: { ...search, system: undefined },
    without: ["the system prompt"],
  });
  expect(fitting({ system: "short" }).without).toEqual([]);
});
