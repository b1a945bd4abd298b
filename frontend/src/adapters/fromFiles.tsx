import { Alert, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Failure } from "../ui/failure";
import { Files } from "./files";
import { Naming, type Named } from "./naming";
import { SENDING, useForgetAdapters } from "./queries";
import { sort } from "./sort";
import { upload, type Upload } from "./upload";
import { Watch } from "./watch";

/** The two files of this computer. */
export function FromFiles({ naming }: { naming: Named }) {
  const { name, base } = naming;
  const [files, setFiles] = useState<File[]>([]);
  const [part, setPart] = useState(0);
  const stopper = useRef<AbortController | null>(null);
  const forget = useForgetAdapters();
  const sending = useMutation({
    mutationKey: SENDING,
    mutationFn: (what: Upload) => {
      stopper.current = new AbortController();
      setPart(0);
      return upload(what, setPart, stopper.current.signal);
    },
    onSettled: () => forget(),
  });
  const { config, model, complaint } = sort(files);
  const stopped = sending.error instanceof DOMException;

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (config && model && base) sending.mutate({ name, base, config, model });
      }}
    >
      <Stack>
        <Naming of={naming} />
        <Files
          config={config}
          model={model}
          disabled={sending.isPending}
          onDrop={(dropped) => {
            sending.reset();
            setFiles((kept) => {
              const fresh = new Set(dropped.map((file) => file.name));
              return [...kept.filter((file) => !fresh.has(file.name)), ...dropped];
            });
          }}
        />
        {complaint && (
          <Alert color="yellow" variant="light" role="status">
            {complaint}
          </Alert>
        )}
        {sending.isPending && (
          <Stack gap={4}>
            <Progress value={100 * part} aria-label="Upload" animated={part === 1} />
            {/* Read out at its ends, not at every step. */}
            <Text size="xs" c="dimmed" role={part < 1 ? undefined : "status"}>
              {part < 1 ? `${Math.round(100 * part)} % sent` : "Sent; the server is storing it"}
            </Text>
          </Stack>
        )}
        {sending.error && !stopped && <Failure error={sending.error} />}
        {sending.data && <Watch name={sending.variables.name} number={sending.data.version} />}
        <Group justify="flex-end">
          {sending.isPending && (
            <Button variant="default" onClick={() => stopper.current?.abort()}>
              Stop
            </Button>
          )}
          <Button
            type="submit"
            loading={sending.isPending}
            disabled={!config || !model || !base || name === ""}
          >
            Upload
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
