import { expect, test } from "vitest";
import { rate } from "./rate";

const look = (uptime_s: number, prompt_tokens: number, completion_tokens: number) => ({
  uptime_s, prompt_tokens, completion_tokens, cached_tokens: 0, steps: 0, steps_mixed: 0,
  steps_by_adapters: {}, preemptions: 0, core_restarts: 0, step_ms_p50: 0, step_ms_p99: 0,
}); // prettier-ignore

test("two looks make a rate", () =>
  expect(rate(look(10, 100, 50), look(12, 300, 60))).toEqual({ prompt: 100, output: 5 }));
test("one look makes none", () => expect(rate(undefined, look(1, 1, 1))).toBeNull());
test("a worker that has started anew has none yet", () =>
  expect(rate(look(100, 900, 900), look(1, 5, 5))).toBeNull());
test("a worker that is away has none", () => expect(rate(look(1, 1, 1), null)).toBeNull());
