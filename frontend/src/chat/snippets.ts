// The same call in three languages, filled in.

import { given, type Sampling } from "./sampling";

export interface Call {
  base: string;
  key: string | null; // null: what MOTET_API_KEY holds
  model: string;
  prompt: string;
  system?: string;
  sampling?: Partial<Sampling>;
}

export const LANGUAGES = ["curl", "Python", "JavaScript"] as const;
export type Language = (typeof LANGUAGES)[number];

export function snippet(language: Language, call: Call): string {
  const messages = [
    ...(call.system ? [{ role: "system", content: call.system }] : []),
    { role: "user", content: call.prompt },
  ];
  const options = given(call.sampling ?? {});
  switch (language) {
    case "curl":
      return curl(call, { model: call.model, messages, ...options });
    case "Python":
      return python(call, messages, options);
    case "JavaScript":
      return javascript(call, { model: call.model, messages, ...options, stream: true });
  }
}

function curl(call: Call, body: object): string {
  // Within single quotes of a shell, only a single quote needs care.
  const data = JSON.stringify(body, null, 2).replaceAll("'", `'\\''`);
  return [
    `curl ${call.base}/chat/completions \\`,
    `  -H "Authorization: Bearer ${call.key ?? "$MOTET_API_KEY"}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${data}'`,
  ].join("\n");
}

function python(call: Call, messages: object[], options: object): string {
  const more = Object.entries(options).map(([name, value]) => `    ${name}=${String(value)},`);
  return [
    ...(call.key === null ? ["import os", ""] : []),
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${JSON.stringify(call.base)}, api_key=${keyOr(call, 'os.environ["MOTET_API_KEY"]')})`,
    "stream = client.chat.completions.create(",
    `    model=${JSON.stringify(call.model)},`,
    "    messages=[",
    ...messages.map((message) => `        ${JSON.stringify(message)},`),
    "    ],",
    ...more,
    "    stream=True,",
    ")",
    "for chunk in stream:",
    "    if chunk.choices:",
    '        print(chunk.choices[0].delta.content or "", end="", flush=True)',
  ].join("\n");
}

function javascript(call: Call, body: object): string {
  return [
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: ${JSON.stringify(call.base)}, apiKey: ${keyOr(call, "process.env.MOTET_API_KEY")} });`,
    `const stream = await client.chat.completions.create(${JSON.stringify(body, null, 2)});`,
    "for await (const chunk of stream) {",
    '  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");',
    "}",
  ].join("\n");
}

const keyOr = ({ key }: Call, environment: string): string =>
  key === null ? environment : JSON.stringify(key);
