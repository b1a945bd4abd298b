import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import type { components } from "../api/schema";
import { Failure } from "../ui/failure";
import { bytes } from "../ui/format";
import { useDeleteVersion } from "./queries";

interface FetchingProps {
  name: string;
  number: number;
  from: components["schemas"]["ImportedFromOut"];
  onStopped: () => void;
}

/** How far the server has come with fetching a version's files, and the way to end that. */
export function Fetching({ name, number, from, onStopped }: FetchingProps) {
  const stop = useDeleteVersion(name, onStopped);
  const { received, total } = from;
  return (
    <Stack gap={4}>
      <Progress
        value={total === null ? 100 : (100 * received) / total}
        animated={total === null}
        aria-label="Import"
      />
      <Group justify="space-between">
        <Text size="xs" c="dimmed" role={total === null ? "status" : undefined}>
          {total === null ? "Asking the hub" : `${bytes(received)} of ${bytes(total)} fetched`}
        </Text>
        <Button
          size="compact-xs"
          variant="default"
          loading={stop.isPending}
          onClick={() => stop.mutate(number)}
        >
          Stop
        </Button>
      </Group>
      {stop.error && <Failure error={stop.error} />}
    </Stack>
  );
}
