// One streamed answer. The inference API has OpenAI's shapes, which its own document does not describe.
import { send } from "../api/client";
import { Problem, problemOf } from "../api/problem";
import { given, type Sampling } from "./sampling";
import { events } from "./sse";

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface Ask extends Sampling {
  model: string;
  messages: Message[];
}

export interface Tokens {
  prompt_tokens: number;
  completion_tokens: number;
  prompt_tokens_details?: { cached_tokens?: number } | null;
}

/** What an answer consists of, in its order. */
export type Piece =
  | { kind: "accepted"; requestId: string }
  | { kind: "text"; text: string }
  | { kind: "finished"; reason: string }
  | { kind: "usage"; tokens: Tokens };

interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: Tokens | null;
  error?: { message: string; code?: string };
}

/** Problem for a refusal, before or within the stream; an AbortError when `signal` says so. */
export async function* answer(ask: Ask, signal: AbortSignal): AsyncGenerator<Piece> {
  const { model, messages, ...sampling } = ask;
  const response = await send(
    new Request(new URL("/v1/chat/completions", location.origin), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model,
        messages,
        ...given(sampling),
        stream: true,
        stream_options: { include_usage: true },
      }),
      signal,
    }),
  );
  if (!response.ok || response.body === null) {
    throw problemOf(response, await response.json().catch(() => null));
  }
  yield { kind: "accepted", requestId: response.headers.get("x-request-id") ?? "" };
  for await (const data of events(response.body)) {
    if (data === "[DONE]") return;
    yield* pieces(JSON.parse(data) as Chunk);
  }
  throw new Problem("The connection ended before the answer did.", 0, "cut_off");
}

function* pieces(chunk: Chunk): Generator<Piece> {
  if (chunk.error) throw new Problem(chunk.error.message, 0, chunk.error.code ?? "stream_error");
  const choice = chunk.choices?.[0];
  if (choice?.delta?.content) yield { kind: "text", text: choice.delta.content };
  if (choice?.finish_reason) yield { kind: "finished", reason: choice.finish_reason };
  if (chunk.usage) yield { kind: "usage", tokens: chunk.usage };
}
