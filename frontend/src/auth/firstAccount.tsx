import { Button, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "../api/client";
import { useForgetAll } from "../api/session";
import { chooseAccount } from "../api/token";
import { Failure } from "../ui/failure";
import { Away } from "./away";
import { Frame } from "./frame";

/** For a person who is in no account, or wants another one. */
export default function FirstAccount() {
  const [name, setName] = useState("");
  const navigate = useNavigate();
  const forget = useForgetAll();
  const create = useMutation({
    mutationFn: () => body(api.POST("/auth/accounts", { body: { name } })),
    onSuccess: async (account) => {
      chooseAccount(account.slug);
      forget();
      await navigate({ to: "/" });
    },
  });
  return (
    <Frame
      title="Name the account"
      about="Models, keys and credit belong to an account."
      foot={<Away />}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          {create.error && <Failure error={create.error} />}
          <TextInput
            label="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
          />
          <Button type="submit" loading={create.isPending}>
            Create it
          </Button>
        </Stack>
      </form>
    </Frame>
  );
}
