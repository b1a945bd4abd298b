import { expect, test } from "vitest";
import { safe } from "./next";

test.each(["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""])(
  "%s does not lead away",
  (next) => expect(safe(next)).toBe("/"),
);
test("a page of the dashboard is fine", () => expect(safe("/keys?x=1")).toBe("/keys?x=1"));
