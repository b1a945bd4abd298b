import { Button, Group, Loader, Select, Stack, Stepper, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CallCode } from "../chat/code";
import { useServed } from "../chat/served";
import { useCreateKey } from "../keys/queries";
import { Failure } from "../ui/failure";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Snippet } from "../ui/snippet";
import { requestsQuery } from "../usage/queries";
import { requestColumns } from "../usage/requestColumns";
import { Rows } from "../ui/rows";
import { ButtonLink } from "../ui/links";

/** From nothing to the first call: a key, a snippet that has it, and the call seen as it arrives. */
export default function Start() {
  const create = useCreateKey();
  const served = useServed();
  const [model, setModel] = useState<string | null>(null);
  const [copied, setCopied] = useState(false);
  const key = create.data;
  const seen = useQuery({
    ...requestsQuery({ key: key?.id }, 1, 1_000),
    enabled: key !== undefined,
  });
  const first = seen.data?.data[0];
  const step = first ? 3 : key === undefined ? 0 : copied ? 2 : 1;
  const chosen = model ?? served.data?.[0]?.id ?? null;
  return (
    <Page title="First call" about="Three steps, about a minute.">
      <Panel>
        <Stepper active={step} orientation="vertical" size="sm">
          <Stepper.Step label="A key" description="What your program shows instead of a password">
            <Stack align="flex-start">
              {create.error && <Failure error={create.error} />}
              <Button
                loading={create.isPending}
                onClick={() => create.mutate({ name: "first-key", scopes: ["inference"] })}
              >
                Create a key
              </Button>
            </Stack>
          </Stepper.Step>
          <Stepper.Step label="A call" description="With the key and the model filled in" />
          <Stepper.Step label="Its arrival" description="Seen here as it happens" />
        </Stepper>
      </Panel>
      {key && (
        <Panel title="Run this">
          <Stack>
            <Snippet code={key.key} label="The new key" />
            <Text size="sm" c="dimmed">
              The key is shown here alone: copy it if you want to keep it.
            </Text>
            <Select
              label="Model"
              data={served.data?.map(({ id }) => id) ?? []}
              value={chosen}
              onChange={setModel}
              allowDeselect={false}
              maw={320}
            />
            <CallCode
              call={{
                base: `${location.origin}/v1`,
                key: key.key,
                model: chosen ?? "MODEL",
                prompt: "Where is the harbour?",
              }}
            />
            {!copied && !first && (
              <Group>
                <Button variant="light" onClick={() => setCopied(true)}>
                  I have run it
                </Button>
              </Group>
            )}
          </Stack>
        </Panel>
      )}
      {key && (
        <Panel title={first ? "It arrived" : "Waiting for the call"} flush={Boolean(first)}>
          {first ? (
            <>
              <Rows
                label="The first call"
                columns={requestColumns}
                rows={[first]}
                id={() => 1}
                empty={null}
              />
              <Group p="md" gap="sm">
                <IconCircleCheck size={18} color="var(--mantine-color-teal-6)" aria-hidden />
                <ButtonLink to="/playground" variant="light">
                  On to the playground
                </ButtonLink>
                <ButtonLink to="/adapters" variant="default">
                  Upload an adapter
                </ButtonLink>
              </Group>
            </>
          ) : (
            <Group gap="sm" role="status">
              <Loader size="xs" />
              <Text size="sm">It shows up here within a second of its end.</Text>
            </Group>
          )}
        </Panel>
      )}
    </Page>
  );
}
