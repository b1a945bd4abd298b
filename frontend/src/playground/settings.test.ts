import { expect, test } from "vitest";
import { read, write, type Settings } from "./settings";

const ALL: Settings = {
  models: ["motet-tiny", "acme/support:prod"],
  system: "Be brief.",
  temperature: 0,
  topP: 0.9,
  max: 64,
  seed: 0,
};

test("a link carries every setting, zeros too", () => expect(read(write(ALL))).toEqual(ALL));
test("an empty address sets nothing", () => {
  expect(read({})).toEqual({
    models: [], system: "", temperature: null, topP: null, max: null, seed: null,
  }); // prettier-ignore
});
test("what cannot be is brought to what can, or left out", () => {
  const odd = read({
    temperature: "9",
    top_p: "-1",
    max: "0",
    seed: "x",
    models: "a,a,b,,c,d,e,f",
  });
  expect(odd).toMatchObject({ temperature: 2, topP: 0, max: 1, seed: null });
  expect(odd.models).toEqual(["a", "b", "c", "d", "e"]);
});
