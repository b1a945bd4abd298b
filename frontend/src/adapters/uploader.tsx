import {
  Alert,
  Button,
  Group,
  Progress,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { catalogQuery } from "../models/queries";
import { Failure } from "../ui/failure";
import { Files } from "./files";
import { useForgetAdapters } from "./queries";
import { sort } from "./sort";
import { upload, type Upload } from "./upload";
import { Watch } from "./watch";

interface UploaderProps {
  /** Set: the files become the next version of this adapter. */
  fixed?: { name: string; base: string };
}

/** From two files to a version that serves, or to the reason why not. */
export function Uploader({ fixed }: UploaderProps) {
  const [name, setName] = useState(fixed?.name ?? "");
  const [base, setBase] = useState<string | null>(fixed?.base ?? null);
  const [files, setFiles] = useState<File[]>([]);
  const [part, setPart] = useState(0);
  const stopper = useRef<AbortController | null>(null);
  const catalog = useQuery({ ...catalogQuery, enabled: fixed === undefined });
  const forget = useForgetAdapters();
  const sending = useMutation({
    mutationFn: (what: Upload) => {
      stopper.current = new AbortController();
      setPart(0);
      return upload(what, setPart, stopper.current.signal);
    },
    onSettled: () => forget(),
  });
  const { config, model, complaint } = sort(files);
  const bases = catalog.data?.data.map(({ id }) => id) ?? [];
  const chosen = base ?? bases[0] ?? null;
  const stopped = sending.error instanceof DOMException;

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (config && model && chosen) sending.mutate({ name, base: chosen, config, model });
      }}
    >
      <Stack>
        {fixed === undefined && (
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label="Name"
              description="Lower-case letters, digits, dots, hyphens"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              pattern="[a-z0-9]([a-z0-9._\-]*[a-z0-9])?"
              required
              withAsterisk={false}
            />
            <Select
              label="Base model"
              description="The one that it was trained on"
              data={bases}
              value={chosen}
              onChange={setBase}
              allowDeselect={false}
            />
          </SimpleGrid>
        )}
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
            <Text size="xs" c="dimmed" role="status">
              {part < 1 ? `${Math.round(100 * part)} % sent` : "Sent; the server is storing it"}
            </Text>
          </Stack>
        )}
        {sending.error && !stopped && <Failure error={sending.error} />}
        {sending.data && <Watch name={name} number={sending.data.version} />}
        <Group justify="flex-end">
          {sending.isPending && (
            <Button variant="default" onClick={() => stopper.current?.abort()}>
              Stop
            </Button>
          )}
          <Button
            type="submit"
            loading={sending.isPending}
            disabled={!config || !model || !chosen || name === ""}
          >
            Upload
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
