import { ActionIcon, Badge, Button, Code, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey, IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Key } from "../api/types";
import { Confirm } from "../ui/confirm";
import { Empty } from "../ui/empty";
import { date, isPast } from "../ui/format";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { NewKey } from "./newKey";
import { keysQuery, useCreateKey, useRevokeKey } from "./queries";
import { Secret } from "./secret";

export default function Keys() {
  const keys = useQuery(keysQuery);
  const create = useCreateKey();
  const [opened, dialog] = useDisclosure();
  const [doomed, setDoomed] = useState<Key | null>(null);
  const revoke = useRevokeKey(() => setDoomed(null));
  const close = () => {
    dialog.close();
    create.reset();
  };
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
      New key
    </Button>
  );
  const columns: Column<Key>[] = [
    {
      name: "Name",
      show: (key) => (
        <Stack gap={0}>
          <Text size="sm" fw={500} td={key.revoked_at ? "line-through" : undefined}>
            {key.name}
          </Text>
          <Text size="xs" c="dimmed">
            {key.service_account ?? key.created_by ?? ""}
          </Text>
        </Stack>
      ),
    },
    { name: "Key", show: ({ prefix }) => <Code>{prefix}…</Code> },
    { name: "State", show: (key) => <Standing of={key} /> },
    {
      name: "May",
      show: ({ scopes }) => (
        <Text size="sm" maw={200} className="clip" title={scopes.join(", ")}>
          {scopes.join(", ")}
        </Text>
      ),
    },
    {
      name: "Models",
      show: ({ models }) => (
        <Text size="sm" maw={160} className="clip" title={models?.join(", ")}>
          {models === null ? "all" : models.join(", ")}
        </Text>
      ),
    },
    { name: "Last used", number: true, show: ({ last_used_at }) => <Time at={last_used_at} /> },
    { name: "Created", number: true, show: ({ created_at }) => <Time at={created_at} /> },
    {
      name: "Revoke",
      hidden: true,
      number: true,
      show: (key) =>
        key.revoked_at === null && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Revoke ${key.name}`}
            onClick={() => setDoomed(key)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        ),
    },
  ];
  return (
    <Page
      title="API keys"
      about="For programs. People sign in; a key of its own for each program can be revoked alone."
      actions={add}
    >
      <Panel flush>
        <Rows
          label="API keys"
          columns={columns}
          rows={keys.data?.data}
          id={({ id }) => id}
          error={keys.error}
          retry={() => void keys.refetch()}
          empty={
            <Empty icon={IconKey} title="No key yet" action={add}>
              A key lets a program call the models of this account.
            </Empty>
          }
        />
      </Panel>
      <Modal
        opened={opened}
        onClose={close}
        title={create.data ? "The new key" : "New key"}
        size="lg"
        closeOnClickOutside={!create.data}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {create.data ? (
          <Secret secret={create.data.key} onDone={close} />
        ) : (
          <NewKey create={create} />
        )}
      </Modal>
      <Confirm
        opened={doomed !== null}
        title={`Revoke ${doomed?.name ?? ""}?`}
        action="Revoke"
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() => doomed && revoke.mutate(doomed.id)}
        onClose={() => setDoomed(null)}
      >
        Whatever uses it is refused from the next request on. This cannot be taken back.
      </Confirm>
    </Page>
  );
}

function Standing({ of: key }: { of: Key }) {
  const expired = key.expires_at !== null && isPast(key.expires_at);
  if (key.revoked_at !== null)
    return (
      <Badge variant="dot" color="gray">
        revoked
      </Badge>
    );
  if (expired)
    return (
      <Badge variant="dot" color="red">
        expired
      </Badge>
    );
  return (
    <Badge variant="dot" color="teal">
      {key.expires_at === null ? "active" : `until ${date(key.expires_at)}`}
    </Badge>
  );
}
