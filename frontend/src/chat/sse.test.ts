import { expect, test } from "vitest";
import { events } from "./sse";

const TEXT = 'data: {"a":"é✓"}\r\n\r\n: waiting\n\ndata:two\n\ndata: three\r\rdata: [DONE]\n\n';
const EXPECTED = ['{"a":"é✓"}', "two", "three", "[DONE]"];

function cut(bytes: Uint8Array, sizes: (at: number) => number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += sizes(at))
        controller.enqueue(bytes.slice(at, at + sizes(at)));
      controller.close();
    },
  });
}

test.each([1, 2, 3, 5, 7, 1000])("in pieces of %i bytes", async (size) => {
  const stream = cut(new TextEncoder().encode(TEXT), () => size);
  const found: string[] = [];
  for await (const data of events(stream)) found.push(data);
  expect(found).toEqual(EXPECTED);
});

test("whoever stops reading ends the stream", async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data: x\n\n")),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const data of events(stream)) {
    expect(data).toBe("x");
    break;
  }
  expect(cancelled).toBe(true);
});
