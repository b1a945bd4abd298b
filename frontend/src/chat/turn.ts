import type { Piece, Tokens } from "./chat";

/** One prompt and what one model makes of it. Times are performance.now() in milliseconds. */
export interface Turn {
  prompt: string;
  text: string;
  state: "waiting" | "streaming" | "done" | "stopped" | "failed";
  startedAt: number;
  firstAt: number | null;
  endedAt: number | null;
  requestId: string | null;
  reason: string | null;
  tokens: Tokens | null;
  error: unknown;
}

export type Event =
  | { piece: Piece; at: number }
  | { end: "done" | "stopped"; at: number }
  | { error: unknown; at: number };

export const begin = (prompt: string, at: number): Turn => ({
  prompt,
  text: "",
  state: "waiting",
  startedAt: at,
  firstAt: null,
  endedAt: null,
  requestId: null,
  reason: null,
  tokens: null,
  error: null,
});

export function advance(turn: Turn, event: Event): Turn {
  if ("error" in event) return { ...turn, state: "failed", error: event.error, endedAt: event.at };
  if ("end" in event) return { ...turn, state: event.end, endedAt: event.at };
  const { piece, at } = event;
  switch (piece.kind) {
    case "accepted":
      return { ...turn, requestId: piece.requestId };
    case "text":
      return {
        ...turn,
        state: "streaming",
        text: turn.text + piece.text,
        firstAt: turn.firstAt ?? at,
      };
    case "finished":
      return { ...turn, reason: piece.reason };
    case "usage":
      return { ...turn, tokens: piece.tokens };
  }
}

/** Tokens per second between the first and the last one; null while that is not known. */
export function speed(turn: Turn): number | null {
  const { tokens, firstAt, endedAt } = turn;
  if (tokens === null || firstAt === null || endedAt === null) return null;
  if (tokens.completion_tokens < 2 || endedAt <= firstAt) return null;
  return (1000 * (tokens.completion_tokens - 1)) / (endedAt - firstAt);
}

export const running = (turn: Turn): boolean =>
  turn.state === "waiting" || turn.state === "streaming";
