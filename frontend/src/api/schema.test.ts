// @vitest-environment node
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { TYPES, typesOf } from "../../scripts/types.mjs";

test("the types are those of the kept description", { timeout: 30_000 }, async () => {
  const kept = await readFile(TYPES, "utf8");
  expect(kept, "run `make dashboard-api`").toBe(await typesOf());
});
