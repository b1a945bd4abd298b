import { expect, test } from "vitest";
import { byOf, filterOf, rangeOf, showOf } from "./search";

test("an empty address means a week of cost by model", () => {
  expect([rangeOf({}), byOf({}), showOf({})]).toEqual(["7d", "model", "cost"]);
  expect(Object.values(filterOf({})).filter((value) => value !== undefined)).toEqual([]);
});
test("what the page does not know is as if it were not there", () => {
  const odd = { range: "2y", by: "toString", show: "constructor", key: "1e3" };
  expect([rangeOf(odd), byOf(odd), showOf(odd)]).toEqual(["7d", "model", "cost"]);
  expect(filterOf(odd).key).toBeUndefined();
});
test("what it knows is taken", () => {
  const search = { range: "24h", by: "adapter", show: "tokens", key: "7", member: "service:x" };
  expect([rangeOf(search), byOf(search), showOf(search)]).toEqual(["24h", "adapter", "tokens"]);
  expect(filterOf(search)).toMatchObject({ key: 7, member: "service:x" });
});
