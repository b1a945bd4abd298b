import { expect, test } from "vitest";
import { advance, begin, running, speed } from "./turn";

test("an answer from its prompt to its measures", () => {
  let turn = begin("hi", 0);
  turn = advance(turn, { piece: { kind: "accepted", requestId: "req_1" }, at: 5 });
  expect(turn.firstAt).toBeNull();
  turn = advance(turn, { piece: { kind: "text", text: "a" }, at: 100 });
  turn = advance(turn, { piece: { kind: "text", text: "b" }, at: 150 });
  turn = advance(turn, {
    piece: { kind: "usage", tokens: { prompt_tokens: 3, completion_tokens: 11 } },
    at: 600,
  });
  expect(running(turn)).toBe(true);
  expect(speed(turn)).toBeNull();
  turn = advance(turn, { end: "done", at: 600 });
  expect(turn).toMatchObject({ text: "ab", firstAt: 100, requestId: "req_1", state: "done" });
  expect(speed(turn)).toBe(20);
});

test("no speed where none can be told", () => {
  const one = advance(begin("hi", 0), { end: "stopped", at: 10 });
  expect(speed(one)).toBeNull();
  const tokens = { prompt_tokens: 1, completion_tokens: 1 };
  expect(speed({ ...one, tokens, firstAt: 5 })).toBeNull();
});
