import { Text, Tooltip } from "@mantine/core";

const WORDS = {
  gpu: ["in a slot", "The next request starts at once."],
  host: ["in memory", "The next request takes milliseconds more."],
  disk: ["on disk", "The next request loads it first."],
  remote: ["in the store", "The next request fetches it first."],
} as const;

/** The nearest place in which any worker has an adapter. */
export function Place({ of }: { of: keyof typeof WORDS | undefined }) {
  if (of === undefined) return null;
  const [word, note] = WORDS[of];
  return (
    <Tooltip label={note}>
      <Text span size="sm" tabIndex={0}>
        {word}
      </Text>
    </Tooltip>
  );
}
