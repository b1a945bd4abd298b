import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useSearch } from "@tanstack/react-router";
import { Failure } from "../ui/failure";
import { signUp } from "./allauth";
import { Frame } from "./frame";
import { useStep } from "./useStep";
import { TextLink } from "../ui/links";

const SHORTEST = 10;

export default function SignUp() {
  const { next } = useSearch({ strict: false });
  const step = useStep(signUp);
  const form = useForm({
    initialValues: { email: "", password: "" },
    validate: {
      password: (value) =>
        value.length < SHORTEST ? `At least ${SHORTEST} characters, please.` : null,
    },
  });
  return (
    <Frame
      title="Create an account"
      about="It starts with promotional credit. No card is asked for."
      foot={
        <>
          Already have one?{" "}
          <TextLink to="/login" search={{ next }} inherit underline="always">
            Sign in
          </TextLink>
        </>
      }
    >
      <form onSubmit={form.onSubmit((values) => step.mutate(values))}>
        <Stack>
          {step.error && <Failure error={step.error} />}
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label="Password"
            description={`At least ${SHORTEST} characters`}
            autoComplete="new-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={step.isPending}>
            Create the account
          </Button>
        </Stack>
      </form>
    </Frame>
  );
}
