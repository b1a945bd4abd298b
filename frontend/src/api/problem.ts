/** What went wrong, as the platform or allauth said it; `message` is fit to be shown. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly param: string | null = null,
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

interface Told {
  message: string;
  code?: string | null;
  param?: string | null;
}

/** Reads the platform's `{error}` and allauth's `{errors}`; anything else gets a plain sentence. */
export function problemOf(response: Response, body: unknown): Problem {
  const told = toldBy(body);
  return new Problem(
    told?.message ?? plain(response.status),
    response.status,
    told?.code ?? `http_${response.status}`,
    told?.param ?? null,
    response.headers.get("x-request-id"),
  );
}

export const unreachable = (): Problem =>
  new Problem("The server cannot be reached. Is it running?", 0, "unreachable");

function toldBy(body: unknown): Told | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  if ("error" in body && isTold(body.error)) return body.error;
  if ("errors" in body && Array.isArray(body.errors)) return body.errors.find(isTold);
  return undefined;
}

function isTold(value: unknown): value is Told {
  return (
    typeof value === "object" &&
    value !== null &&
    "message" in value &&
    typeof value.message === "string"
  );
}

function plain(status: number): string {
  if (status === 429) return "That was too often. Wait a moment, then try again.";
  if (status >= 500) return "The server is in trouble. Try again in a moment.";
  return `The server refused this (${status}).`;
}
