// Sends an adapter's two files. XMLHttpRequest, because fetch does not tell how far an upload is.
import { problemOf, unreachable } from "../api/problem";
import { token } from "../api/token";
import type { Version } from "../api/types";
import { ensure } from "./ensure";
import { CONFIG, MODEL } from "./sort";

export interface Upload {
  name: string;
  base: string;
  config: File;
  model: File;
}

/** The new version, to be watched until it is ready or rejected. `tell` gets 0 to 1. */
export async function upload(
  { name, base, config, model }: Upload,
  tell: (part: number) => void,
  signal: AbortSignal,
): Promise<Version> {
  await ensure(name, base);
  signal.throwIfAborted();
  const form = new FormData();
  form.append("adapter_config", config, CONFIG);
  form.append("adapter_model", model, MODEL);
  return post(`/v1/adapters/${encodeURIComponent(name)}/versions`, form, tell, signal);
}

async function post(
  path: string,
  form: FormData,
  tell: (part: number) => void,
  signal: AbortSignal,
): Promise<Version> {
  const bearer = (await token()).token;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("authorization", `Bearer ${bearer}`);
    request.upload.onprogress = ({ loaded, total }) => tell(total === 0 ? 0 : loaded / total);
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    request.onload = () => {
      const answer: unknown = parse(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(answer as Version);
      else reject(problemOf(new Response(null, { status: request.status }), answer));
    };
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
