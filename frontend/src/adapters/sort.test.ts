import { expect, test } from "vitest";
import { sort } from "./sort";

const file = (name: string) => new File(["x"], name);
const config = file("adapter_config.json");
const model = file("adapter_model.safetensors");

test("the two files are found among others", () => {
  const found = sort([file("README.md"), model, config]);
  expect(found.config).toBe(config);
  expect(found.model).toBe(model);
  expect(found.complaint).toContain("README.md");
});

test("a pickle gets its remedy", () => {
  const found = sort([config, file("adapter_model.bin")]);
  expect(found.model).toBeUndefined();
  expect(found.complaint).toContain("safe_serialization=True");
});

test("nothing to complain of", () => expect(sort([config, model]).complaint).toBeNull());
