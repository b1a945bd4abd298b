import { expect, test } from "vitest";
import { capOf, draftOf, NO_CAP } from "./cap";

test("an empty limit is no cap", () => expect(capOf(NO_CAP)).toBeNull());
test("a cap of nothing is a cap", () =>
  expect(capOf({ limit: 0, period: "day" })).toEqual({ limit: "0", period: "day" }));
test("the smallest that the field takes is written out", () =>
  expect(capOf({ limit: 0.000001, period: "none" })?.limit).toBe("0.000001"));
test("without a cap the form begins empty", () => expect(draftOf(null)).toEqual(NO_CAP));
