import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Failure } from "../ui/failure";
import { requestReset } from "./allauth";
import { Frame } from "./frame";
import { TextLink } from "../ui/links";

export default function Reset() {
  const [email, setEmail] = useState("");
  const reset = useMutation({ mutationFn: requestReset });
  return (
    <Frame
      title="Reset the password"
      foot={
        <TextLink to="/login" inherit>
          Back to sign in
        </TextLink>
      }
    >
      {reset.isSuccess ? (
        <Text size="sm" role="status">
          If there is an account with this address, a link to set a new password is on its way.
        </Text>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            reset.mutate(email);
          }}
        >
          <Stack>
            {reset.error && <Failure error={reset.error} />}
            <TextInput
              label="E-mail"
              type="email"
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              required
              withAsterisk={false}
            />
            <Button type="submit" loading={reset.isPending}>
              Send a link
            </Button>
          </Stack>
        </form>
      )}
    </Frame>
  );
}
