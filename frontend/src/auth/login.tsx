import { Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Failure } from "../ui/failure";
import { config, signIn } from "./allauth";
import { Frame } from "./frame";
import { Providers } from "./providers";
import { useStep } from "./useStep";

export default function Login() {
  const { next } = useSearch({ strict: false });
  const allowed = useQuery({ queryKey: ["allauth-config"], queryFn: config });
  const step = useStep(signIn);
  const form = useForm({ initialValues: { email: "", password: "" } });
  return (
    <Frame
      title="Sign in"
      foot={
        allowed.data?.account.is_open_for_signup === true ? (
          <>
            New here?{" "}
            <Anchor component={Link} to="/signup" search={{ next }} inherit>
              Create an account
            </Anchor>
          </>
        ) : undefined
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
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={step.isPending}>
            Sign in
          </Button>
          <Anchor component={Link} to="/reset-password" size="sm" ta="center">
            Forgot the password?
          </Anchor>
          <Providers config={allowed.data} />
        </Stack>
      </form>
    </Frame>
  );
}
