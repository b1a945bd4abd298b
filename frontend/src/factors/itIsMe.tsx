import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Failure } from "../ui/failure";
import { showCode, showPassword } from "./queries";
import type { FactorChange } from "./useFactorChange";

/** Asks for the password (or a code, where there is none) when a change waits for it. */
export function ItIsMe({ change }: { change: FactorChange }) {
  return (
    <Modal
      opened={change.unconfirmed !== null}
      onClose={change.reset}
      title="Is it you?"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {change.unconfirmed && <Form change={change} byPassword={change.unconfirmed.byPassword} />}
    </Modal>
  );
}

function Form({ change, byPassword }: { change: FactorChange; byPassword: boolean }) {
  const [typed, setTyped] = useState("");
  const show = useMutation({
    mutationFn: (text: string) => (byPassword ? showPassword(text) : showCode(text.trim())),
    onSuccess: () => change.again(),
  });
  const field = {
    value: typed,
    onChange: (event: { currentTarget: { value: string } }) => setTyped(event.currentTarget.value),
    required: true,
    withAsterisk: false,
    "data-autofocus": true,
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        show.mutate(typed);
      }}
    >
      <Stack>
        <Text size="sm">Ways of signing in are changed only by whoever can sign in.</Text>
        {show.error && <Failure error={show.error} />}
        {byPassword ? (
          <PasswordInput
            label="Your password"
            autoComplete="current-password"
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
            {...field}
          />
        ) : (
          <TextInput label="A code" autoComplete="one-time-code" {...field} />
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={show.isPending}>
            Go on
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
