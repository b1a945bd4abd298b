import { Button, Group, Text, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { passkeysWork } from "../auth/passkey";
import { Confirm } from "../ui/confirm";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { said } from "../ui/said";
import { Time } from "../ui/time";
import { ItIsMe } from "./itIsMe";
import { addPasskey, factorsQuery, removePasskey, type Passkey } from "./queries";
import { useFactorChange } from "./useFactorChange";

const at = (seconds: number | null) =>
  seconds === null ? null : new Date(1000 * seconds).toISOString();

/** Keys of this and other devices, which sign in without a password. */
export function Passkeys() {
  const factors = useQuery(factorsQuery);
  const [doomed, setDoomed] = useState<Passkey | null>(null);
  const remove = useFactorChange(removePasskey, () => setDoomed(null));
  const passkeys = factors.data?.filter((factor) => factor.type === "webauthn");
  const columns: Column<Passkey>[] = [
    { name: "Name", show: ({ name }) => name },
    { name: "Added", number: true, show: ({ created_at }) => <Time at={at(created_at)} /> },
    { name: "Last used", number: true, show: ({ last_used_at }) => <Time at={at(last_used_at)} /> },
    {
      name: "Remove",
      hidden: true,
      number: true,
      show: (passkey) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`Remove ${passkey.name}`}
          onClick={() => setDoomed(passkey)}
        >
          Remove
        </Button>
      ),
    },
  ];
  return (
    <Panel title="Passkeys" actions={passkeysWork() && <Add />} flush>
      <Rows
        label="Passkeys"
        columns={columns}
        rows={passkeys}
        id={({ id }) => id}
        error={factors.error}
        retry={() => void factors.refetch()}
        empty={
          <Empty icon={IconFingerprint} title="No passkey yet">
            {passkeysWork()
              ? "One signs you in by fingerprint, face or PIN, and takes the password’s place."
              : "Passkeys need a browser that has them, and a name for this site: not a bare address."}
          </Empty>
        }
      />
      <Confirm
        opened={doomed !== null}
        title={`Remove ${doomed?.name ?? ""}?`}
        action="Remove"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => doomed && remove.mutate(doomed.id)}
        onClose={() => setDoomed(null)}
      >
        It no longer signs you in here. On the device it stays until it is deleted there.
      </Confirm>
      <ItIsMe change={remove} />
    </Panel>
  );
}

function Add() {
  const [name, setName] = useState("");
  const add = useFactorChange(addPasskey, () => {
    setName("");
    said("The passkey is added.");
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate(name);
      }}
    >
      <Group gap="xs">
        <TextInput
          aria-label="Name of the passkey"
          placeholder="Such as: laptop"
          size="xs"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
        />
        <Button type="submit" size="xs" loading={add.isPending}>
          Add a passkey
        </Button>
      </Group>
      {add.error && (
        <Text component="div" mt="xs">
          <Failure error={add.error} />
        </Text>
      )}
      <ItIsMe change={add} />
    </form>
  );
}
