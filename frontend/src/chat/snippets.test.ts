import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { snippet } from "./snippets";

const call = {
  base: "http://127.0.0.1:8000/v1",
  key: "mot_live_x",
  model: "acme/support",
  prompt: `It's "quoted" \\ and $HOME \`date\`\nnew line`,
  sampling: { temperature: 0, top_p: null, max_tokens: 5 },
};

test("a shell hands curl exactly the prompt", () => {
  const script = snippet("curl", call).replace(/^curl/, "printf '%s\\n'");
  const printed = execFileSync("sh", ["-c", script], { encoding: "utf8" });
  const body: unknown = JSON.parse(printed.slice(printed.indexOf("-d\n") + 3));
  expect(body).toEqual({
    model: "acme/support",
    messages: [{ role: "user", content: call.prompt }],
    temperature: 0,
    max_tokens: 5,
  });
});

test("without a key, every language takes it from the environment", () => {
  const open = { ...call, key: null };
  expect(snippet("curl", open)).toContain('-H "Authorization: Bearer $MOTET_API_KEY"');
  expect(snippet("Python", open)).toContain('api_key=os.environ["MOTET_API_KEY"])');
  expect(snippet("Python", open)).toMatch(/^import os\n/);
  expect(snippet("JavaScript", open)).toContain("apiKey: process.env.MOTET_API_KEY }");
});

test("every language names model, key and prompt", () => {
  for (const language of ["Python", "JavaScript"] as const) {
    const code = snippet(language, call);
    for (const part of [call.model, call.key, call.base, JSON.stringify(call.prompt)])
      expect(code).toContain(part);
  }
});
