// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queries } from "./queries";
import { chooseAccount, forgetToken, token } from "./token";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const answers: (() => Response)[] = [];
const asked: unknown[] = [];

const good = (name: string, account = "first") =>
  Response.json({
    token: name,
    account: { slug: account },
    expires_at: new Date(Date.now() + 10 * 60_000).toISOString(),
  });
const bad = (status: number, code: string) =>
  Response.json({ error: { message: "no", code } }, { status });

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  forgetToken();
  localStorage.clear();
  sessionStorage.clear();
  queries.clear();
  answers.length = asked.length = 0;
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    asked.push(JSON.parse(String(init.body)));
    const next = answers.shift();
    if (next === undefined) throw new TypeError("unexpected call");
    return next();
  });
});
afterEach(() => vi.useRealTimers());

test("one exchange serves everybody who asks at once", async () => {
  answers.push(() => good("a"));
  const all = await Promise.all([token(), token(), token()]);
  expect(all.map((each) => each.token)).toEqual(["a", "a", "a"]);
  expect(asked).toHaveLength(1);
});

test("it is renewed a minute before its end, not earlier", async () => {
  answers.push(
    () => good("a"),
    () => good("b"),
  );
  await token();
  vi.setSystemTime(NOW + 8.9 * 60_000);
  expect((await token()).token).toBe("a");
  vi.setSystemTime(NOW + 9.1 * 60_000);
  expect((await token()).token).toBe("b");
});

test("a refusal is not kept", async () => {
  answers.push(
    () => bad(401, "not_signed_in"),
    () => good("a"),
  );
  await expect(token()).rejects.toMatchObject({ code: "not_signed_in" });
  expect((await token()).token).toBe("a");
});

test("an account that is gone falls back to the first", async () => {
  chooseAccount("gone");
  answers.push(
    () => bad(404, "account_not_found"),
    () => good("first"),
  );
  expect((await token()).token).toBe("first");
  expect(asked).toEqual([{ account: "gone" }, { account: null }]);
});

test("nothing of it is ever stored", async () => {
  answers.push(() => good("secret"));
  await token();
  expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain("secret");
});

test("a tab stays with its account when another tab chooses", async () => {
  localStorage.setItem("motet-account", "mine");
  answers.push(
    () => good("a", "mine"),
    () => good("b", "mine"),
  );
  await token();
  localStorage.setItem("motet-account", "other"); // what another tab's choice leaves
  forgetToken();
  await token();
  expect(asked).toEqual([{ account: "mine" }, { account: "mine" }]);
});

test("a token for another account than the page shows is handed to nobody", async () => {
  const went = vi.fn();
  vi.stubGlobal("location", { assign: went });
  queries.setQueryData(["me"], { account: { slug: "mine" } });
  answers.push(() => good("a", "other"));
  const given = vi.fn();
  void token().then(given, given);
  await vi.advanceTimersByTimeAsync(1000);
  expect(went.mock.calls).toEqual([["/"]]);
  expect(given).not.toHaveBeenCalled();
});
