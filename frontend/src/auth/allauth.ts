// django-allauth's headless API, as far as the dashboard speaks it. It has a shape of its own.
import { send } from "../api/client";
import { problemOf } from "../api/problem";

const ROOT = "/_allauth/browser/v1";

export interface Flow {
  id: string;
  is_pending?: boolean;
  types?: string[];
}

/** Either signed in, or the step that is still missing. */
export type Step = { done: true } | { done: false; pending: string | null };

interface Envelope<T> {
  status: number;
  data: T;
  meta?: { is_authenticated?: boolean };
}

interface Exchange {
  response: Response;
  body: unknown;
}

export async function exchange(method: string, path: string, input?: unknown): Promise<Exchange> {
  const response = await send(
    new Request(new URL(`${ROOT}${path}`, location.origin), {
      method,
      headers: input === undefined ? {} : { "content-type": "application/json" },
      body: input === undefined ? undefined : JSON.stringify(input),
    }),
  );
  return { response, body: await response.json().catch(() => null) };
}

export async function call<T>(method: string, path: string, input?: unknown): Promise<Envelope<T>> {
  const { response, body } = await exchange(method, path, input);
  // 401 is also how allauth says that a step is pending: callers look at `data.flows`.
  const pending =
    response.status === 401 && typeof body === "object" && body !== null && "data" in body;
  if (!response.ok && !pending) throw problemOf(response, body);
  return body as Envelope<T>;
}

export async function step(path: string, input: unknown): Promise<Step> {
  const answer = await call<{ flows?: Flow[] }>("POST", path, input);
  if (answer.status === 200 && answer.meta?.is_authenticated !== false) return { done: true };
  const flow = answer.data.flows?.find((each) => each.is_pending);
  return { done: false, pending: flow?.id ?? null };
}

/** The step of signing in that is still missing, as allauth describes it. */
export async function pendingFlow(): Promise<Flow | null> {
  const { data } = await call<{ flows?: Flow[] }>("GET", "/auth/session");
  return data.flows?.find((each) => each.is_pending) ?? null;
}

export interface Credentials {
  email: string;
  password: string;
}

export const signIn = (input: Credentials) => step("/auth/login", input);
export const signUp = (input: Credentials) => step("/auth/signup", input);
export const verifyEmail = (key: string) => step("/auth/email/verify", { key });
export const resendCode = () => call("POST", "/auth/email/verify/resend");
export const secondFactor = (code: string) => step("/auth/2fa/authenticate", { code });
export const requestReset = (email: string) => call("POST", "/auth/password/request", { email });
export const resetPassword = (key: string, password: string) =>
  step("/auth/password/reset", { key, password });
export const signOut = () => call("DELETE", "/auth/session");

export interface Config {
  account: { is_open_for_signup: boolean };
  socialaccount: { providers: { id: string; name: string }[] };
}
export const config = async () => (await call<Config>("GET", "/config")).data;

export interface BrowserSession {
  id: number;
  ip: string;
  user_agent: string;
  created_at: number;
  last_seen_at?: number;
  is_current: boolean;
}
export const sessions = async () => (await call<BrowserSession[]>("GET", "/auth/sessions")).data;
export const endSessions = (ids: number[]) => call("DELETE", "/auth/sessions", { sessions: ids });
export const changePassword = (current_password: string, new_password: string) =>
  call("POST", "/account/password/change", { current_password, new_password });
