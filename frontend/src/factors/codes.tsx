import { Button, Group, Stack, Text } from "@mantine/core";
import { ShownOnce } from "../ui/shownOnce";
import { Snippet } from "../ui/snippet";

/** Recovery codes, to be kept where the phone is not. */
export function Codes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  return (
    <ShownOnce onClose={onClose} title="Recovery codes">
      <Stack>
        <Text size="sm">
          Each signs you in once when the app or the passkey is not at hand. Keep them apart from
          it.
        </Text>
        <Snippet code={codes.join("\n")} label="The recovery codes" />
        <Group justify="flex-end">
          <Button onClick={onClose}>I have kept them</Button>
        </Group>
      </Stack>
    </ShownOnce>
  );
}
