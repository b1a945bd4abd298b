import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import { CallCode } from "../chat/code";
import { useServed } from "../chat/served";
import { Snippet } from "../ui/snippet";

/** A fresh key, this once, with a call that uses it. */
export function Secret({ secret, onDone }: { secret: string; onDone: () => void }) {
  const served = useServed();
  return (
    <Stack>
      <Alert color="yellow" variant="light" icon={<IconEyeOff size={18} aria-hidden />}>
        <Text size="sm">Copy it now. Only a digest is kept, so it cannot be shown again.</Text>
      </Alert>
      <Snippet code={secret} label="The new key" />
      <CallCode
        call={{
          base: `${location.origin}/v1`,
          key: secret,
          model: served.data?.[0]?.id ?? "MODEL",
          prompt: "Hello",
        }}
      />
      <Group justify="flex-end">
        <Button onClick={onDone}>I have copied it</Button>
      </Group>
    </Stack>
  );
}
