import createClient from "openapi-fetch";
import { csrf } from "./csrf";
import { problemOf, unreachable } from "./problem";
import type { paths } from "./schema";
import { forgetToken, token } from "./token";

/** The typed client of everything that /v1/openapi.json describes. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

/** `fetch` with what the address wants: a Bearer below /v1, the CSRF header elsewhere. */
export async function send(request: Request): Promise<Response> {
  if (!new URL(request.url).pathname.startsWith("/v1/")) {
    request.headers.set("x-csrftoken", csrf());
    return go(request);
  }
  const again = request.clone();
  const response = await withBearer(request);
  if (response.status !== 401) return response;
  forgetToken(); // it may have ended early: once more with a new one
  return withBearer(again);
}

async function withBearer(request: Request): Promise<Response> {
  request.headers.set("authorization", `Bearer ${(await token()).token}`);
  return go(request);
}

function go(request: Request): Promise<Response> {
  return fetch(request).catch((error: unknown) => {
    throw request.signal.aborted ? error : unreachable();
  });
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body; a Problem for anything but success. */
export async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}
