// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import { hasEnded, leaveIfEnded, signInAddress } from "./ended";
import { Problem } from "./problem";

const at = (pathname: string, search = "") => ({ pathname, search, hash: "" }) as Location;

test("the sign-in leads back", () => {
  expect(signInAddress(at("/usage", "?range=7d"))).toBe("/login?next=%2Fusage%3Frange%3D7d");
  expect(signInAddress(at("/"))).toBe("/login");
  expect(signInAddress(at("/login", "?next=%2Fkeys"))).toBe("/login?next=%2Fkeys");
});

test("one goes there once, and for nothing but an end", () => {
  const went = vi.fn();
  vi.stubGlobal("location", { ...at("/keys"), assign: went });
  leaveIfEnded(new Problem("no", 403, "missing_scope"));
  leaveIfEnded(new TypeError("a fault of the page"));
  expect(went).not.toHaveBeenCalled();
  const ends = [new Problem("", 401, "not_signed_in"), new Problem("", 403, "csrf_failed")];
  expect(ends.map(hasEnded)).toEqual([true, true]);
  ends.forEach(leaveIfEnded);
  expect(went.mock.calls).toEqual([["/login?next=%2Fkeys"]]);
});
