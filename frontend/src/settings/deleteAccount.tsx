import { Button, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { useMe } from "../api/session";
import { chooseAccount } from "../api/token";
import { Confirm } from "../ui/confirm";
import { Panel } from "../ui/panel";

export function DeleteAccount() {
  const { account } = useMe();
  const [opened, dialog] = useDisclosure();
  const [typed, setTyped] = useState("");
  const end = useMutation({
    mutationFn: () =>
      body(api.DELETE("/v1/account", { params: { query: { confirm: account.slug } } })),
    onSuccess: () => {
      chooseAccount(null);
      location.assign("/"); // a page of its own: nothing here can ask for what is gone
    },
  });
  return (
    <Panel title="Delete the account">
      <Text size="sm" c="dimmed" mb="sm">
        Its keys, adapters and members go. Credit that is left is lost.
      </Text>
      <Button color="red" variant="light" onClick={dialog.open}>
        Delete {account.slug}
      </Button>
      <Confirm
        opened={opened}
        title={`Delete the account ${account.slug}?`}
        action="Delete for good"
        busy={end.isPending}
        error={end.error}
        blocked={typed !== account.slug}
        onConfirm={() => end.mutate()}
        onClose={dialog.close}
      >
        <TextInput
          label={`Type ${account.slug} to go on`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
        />
      </Confirm>
    </Panel>
  );
}
