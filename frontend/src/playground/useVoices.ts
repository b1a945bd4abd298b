import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer, useRef } from "react";
import { answer, type Ask, type Message } from "../chat/chat";
import { advance, begin, running, type Event, type Turn } from "../chat/turn";
import { samplingOf, type Settings } from "./settings";

/** Model -> what was said with it. */
type Voices = Record<string, Turn[]>;
type Action =
  | { do: "begin"; models: string[]; prompt: string; at: number }
  | { do: "event"; model: string; event: Event }
  | { do: "clear" };

function reduce(voices: Voices, action: Action): Voices {
  switch (action.do) {
    case "clear":
      return {};
    case "begin":
      return {
        ...voices,
        ...Object.fromEntries(
          action.models.map((model) => [
            model,
            [...(voices[model] ?? []), begin(action.prompt, action.at)],
          ]),
        ),
      };
    case "event": {
      const turns = voices[action.model] ?? [];
      const last = turns.at(-1);
      if (last === undefined || !running(last)) return voices;
      return { ...voices, [action.model]: [...turns.slice(0, -1), advance(last, action.event)] };
    }
  }
}

/** Conversations with several models at once: every prompt goes to all of them in the same moment. */
export function useVoices() {
  const [voices, dispatch] = useReducer(reduce, {});
  const stopper = useRef<AbortController | null>(null);
  const queries = useQueryClient();
  useEffect(() => () => stopper.current?.abort(), []);

  const send = async (settings: Settings, prompt: string) => {
    const stop = new AbortController();
    stopper.current = stop;
    dispatch({ do: "begin", models: settings.models, prompt, at: performance.now() });
    const run = async (model: string) => {
      const tell = (event: Event) => dispatch({ do: "event", model, event });
      const ask = askOf(settings, model, voices[model] ?? [], prompt);
      try {
        for await (const piece of answer(ask, stop.signal)) tell({ piece, at: performance.now() });
        tell({ end: "done", at: performance.now() });
      } catch (error) {
        const at = performance.now();
        tell(stop.signal.aborted ? { end: "stopped", at } : { error, at });
      }
    };
    await Promise.all(settings.models.map(run));
    void queries.invalidateQueries({ queryKey: ["requests"] });
    void queries.invalidateQueries({ queryKey: ["balance"] });
  };

  return {
    voices,
    busy: Object.values(voices).some((turns) => turns.some(running)),
    send,
    stop: () => stopper.current?.abort(),
    clear: () => {
      stopper.current?.abort();
      dispatch({ do: "clear" });
    },
  };
}

function askOf(settings: Settings, model: string, turns: Turn[], prompt: string): Ask {
  const past = turns
    .filter((turn) => turn.state !== "failed")
    .flatMap((turn): Message[] => [
      { role: "user", content: turn.prompt },
      { role: "assistant", content: turn.text },
    ]);
  const system: Message[] = settings.system ? [{ role: "system", content: settings.system }] : [];
  return {
    model,
    messages: [...system, ...past, { role: "user", content: prompt }],
    ...samplingOf(settings),
  };
}
