// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import { passkeysWork } from "./passkey";

test("a browser without them has none", () => expect(passkeysWork("motet.example")).toBe(false));
test.each([
  ["motet.example", true],
  ["localhost", true],
  ["127.0.0.1", false],
  ["[::1]", false],
])("on %s: %s", (host, work) => {
  vi.stubGlobal("PublicKeyCredential", { parseRequestOptionsFromJSON: () => ({}) });
  expect(passkeysWork(host)).toBe(work);
});
