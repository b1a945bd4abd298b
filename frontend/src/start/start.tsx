import { Box, Button, Group, Loader, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CallCode } from "../chat/code";
import { useServed } from "../chat/served";
import { useCreateKey } from "../keys/queries";
import { Failure } from "../ui/failure";
import { ButtonLink } from "../ui/links";
import { Page } from "../ui/page";
import { Rows } from "../ui/rows";
import { Snippet } from "../ui/snippet";
import { requestsQuery } from "../usage/queries";
import { requestColumns } from "../usage/requestColumns";
import { Step } from "./step";

/** From nothing to the first call: a key, a snippet that has it, and the call seen as it arrives. */
export default function Start() {
  const create = useCreateKey();
  const key = create.data;
  const seen = useQuery({
    ...requestsQuery({ key: key?.id }, 1, 1_000),
    enabled: key !== undefined,
  });
  const first = key && seen.data?.data[0];
  return (
    <Page title="First call" about="Three steps, about a minute.">
      <Step number={1} title="A key" done={key !== undefined}>
        <Text size="sm" c="dimmed">
          {key
            ? "It is shown here alone: copy it if you want to keep it."
            : "What your program shows instead of a password."}
        </Text>
        {create.error && <Failure error={create.error} />}
        {key ? (
          <Box w="100%">
            <Snippet code={key.key} label="The new key" />
          </Box>
        ) : (
          <Button
            loading={create.isPending}
            onClick={() => create.mutate({ name: "first-key", scopes: ["inference"] })}
          >
            Create a key
          </Button>
        )}
      </Step>
      <Step number={2} title="A call" done={first !== undefined}>
        {key ? (
          <FirstCall secret={key.key} />
        ) : (
          <Text size="sm" c="dimmed">
            In curl, Python or JavaScript, with the key and the model filled in.
          </Text>
        )}
      </Step>
      <Step number={3} title={first ? "It arrived" : "Its arrival"} done={first !== undefined}>
        {first ? (
          <>
            <Box w="100%">
              <Rows
                label="The first call"
                columns={requestColumns}
                rows={[first]}
                id={() => 1}
                empty={null}
              />
            </Box>
            <Group gap="sm">
              <ButtonLink to="/playground">On to the playground</ButtonLink>
              <ButtonLink to="/adapters" variant="default">
                Upload an adapter
              </ButtonLink>
            </Group>
          </>
        ) : (
          <Group gap="sm" role="status" wrap="nowrap">
            {key && <Loader size="xs" />}
            <Text size="sm" c={key ? undefined : "dimmed"}>
              {key
                ? "Waiting: the call shows up here within a second of its end."
                : "Seen here as it happens."}
            </Text>
          </Group>
        )}
      </Step>
    </Page>
  );
}

function FirstCall({ secret }: { secret: string }) {
  const served = useServed();
  const [model, setModel] = useState<string | null>(null);
  const chosen = model ?? served.data?.[0]?.id ?? null;
  return (
    <>
      {served.error && <Failure error={served.error} retry={() => void served.refetch()} />}
      <Select
        label="Model"
        data={served.data?.map(({ id }) => id) ?? []}
        value={chosen}
        onChange={setModel}
        allowDeselect={false}
        w="100%"
        maw={320}
      />
      <Box w="100%">
        <CallCode
          call={{
            base: `${location.origin}/v1`,
            key: secret,
            model: chosen ?? "MODEL",
            prompt: "Where is the harbour?",
          }}
        />
      </Box>
    </>
  );
}
