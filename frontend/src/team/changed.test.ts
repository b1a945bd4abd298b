import { expect, test } from "vitest";
import { changed } from "./changed";

test.each([
  [null, { role: "viewer" }, "role: viewer"],
  [{ role: "viewer" }, { role: "admin" }, "role: viewer → admin"],
  [{ name: "intern" }, null, "name: intern → nothing"],
  [{ cap: { limit: "5" } }, { cap: null }, 'cap: {"limit":"5"} → nothing'],
  [{ a: 1, b: 2 }, { a: 1, b: 3 }, "b: 2 → 3"],
  [null, { models: null }, ""],
  [null, null, ""],
])("%o to %o", (before, after, words) => expect(changed(before, after)).toBe(words));
