import { expect, test } from "vitest";
import { origin } from "./origin";

const HUB = {
  kind: "hub",
  host: "hub.example",
  repository: "acme/lora",
  revision: "main",
  subfolder: "",
  commit: null,
  received: 0,
  total: null,
} as const;

test("a repository, its folder, and the commit once it is known", () => {
  expect(origin(HUB)).toBe("acme/lora @ main");
  expect(origin({ ...HUB, subfolder: "tuned", commit: "1f0c9a2b7d3e5566" })).toBe(
    "acme/lora/tuned @ 1f0c9a2b7d3e",
  );
});

test("of two URLs only their host", () => {
  expect(origin({ ...HUB, kind: "urls" })).toBe("hub.example");
});
