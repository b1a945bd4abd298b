import { Button, PasswordInput, Stack } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Failure } from "../ui/failure";
import { resetPassword } from "./allauth";
import { Frame } from "./frame";
import { useStep } from "./useStep";

export default function NewPassword() {
  const { key = "" } = useParams({ strict: false });
  const [password, setPassword] = useState("");
  const step = useStep((fresh: string) => resetPassword(key, fresh));
  return (
    <Frame title="Set a new password" about="All other sessions end with it.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          step.mutate(password);
        }}
      >
        <Stack>
          {step.error && <Failure error={step.error} />}
          <PasswordInput
            label="New password"
            description="At least 10 characters"
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
          />
          <Button type="submit" loading={step.isPending}>
            Set the password
          </Button>
        </Stack>
      </form>
    </Frame>
  );
}
