// The same call in three languages, filled in.

export interface Call {
  base: string;
  key: string;
  model: string;
  prompt: string;
  system?: string;
  temperature?: number | null;
  max_tokens?: number | null;
}

export const LANGUAGES = ["curl", "Python", "JavaScript"] as const;
export type Language = (typeof LANGUAGES)[number];

export function snippet(language: Language, call: Call): string {
  const messages = [
    ...(call.system ? [{ role: "system", content: call.system }] : []),
    { role: "user", content: call.prompt },
  ];
  const options = {
    ...(call.temperature == null ? {} : { temperature: call.temperature }),
    ...(call.max_tokens == null ? {} : { max_tokens: call.max_tokens }),
  };
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
    `  -H "Authorization: Bearer ${call.key}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${data}'`,
  ].join("\n");
}

function python(call: Call, messages: object[], options: object): string {
  const more = Object.entries(options).map(([name, value]) => `    ${name}=${String(value)},`);
  return [
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${JSON.stringify(call.base)}, api_key=${JSON.stringify(call.key)})`,
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
    `const client = new OpenAI({ baseURL: ${JSON.stringify(call.base)}, apiKey: ${JSON.stringify(call.key)} });`,
    `const stream = await client.chat.completions.create(${JSON.stringify(body, null, 2)});`,
    "for await (const chunk of stream) {",
    '  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");',
    "}",
  ].join("\n");
}
