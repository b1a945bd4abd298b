import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Failure } from "../ui/failure";
import { config, signIn } from "./allauth";
import { Frame } from "./frame";
import { Providers } from "./providers";
import { passkeySignIn, passkeysWork } from "./passkey";
import { useStep } from "./useStep";
import { TextLink } from "../ui/links";

export default function Login() {
  const { next } = useSearch({ strict: false });
  const allowed = useQuery({ queryKey: ["allauth-config"], queryFn: config });
  const step = useStep(signIn);
  const passkey = useStep(passkeySignIn);
  const form = useForm({ initialValues: { email: "", password: "" } });
  return (
    <Frame
      title="Sign in"
      foot={
        allowed.data?.account.is_open_for_signup === true ? (
          <>
            New here?{" "}
            <TextLink to="/signup" search={{ next }} inherit underline="always">
              Create an account
            </TextLink>
          </>
        ) : undefined
      }
    >
      <form onSubmit={form.onSubmit((values) => step.mutate(values))}>
        <Stack>
          {(step.error ?? passkey.error) && <Failure error={step.error ?? passkey.error} />}
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
          <TextLink to="/reset-password" size="sm" ta="center">
            Forgot the password?
          </TextLink>
          {passkeysWork() && (
            <Button variant="default" loading={passkey.isPending} onClick={() => passkey.mutate()}>
              Sign in with a passkey
            </Button>
          )}
          <Providers config={allowed.data} />
        </Stack>
      </form>
    </Frame>
  );
}
