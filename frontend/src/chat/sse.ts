/** The data of each event of a server-sent stream, whole, however the bytes were cut. */
export async function* events(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let kept = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      kept += done ? decoder.decode() : decoder.decode(value, { stream: true });
      // A carriage return at the very end may be half of a line's end: it waits for the rest.
      const lines = kept.split(/\r\n|\n|\r(?!$)/);
      kept = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("data:")) yield line.slice(5).replace(/^ /, "");
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
