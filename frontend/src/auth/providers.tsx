import { Button, Divider } from "@mantine/core";
import { csrf } from "../api/csrf";
import type { Config } from "./allauth";

/** Sign-in by somebody else, where the operator has set that up. A form, as the browser must go. */
export function Providers({ config }: { config: Config | undefined }) {
  const providers = config?.socialaccount.providers ?? [];
  if (providers.length === 0) return null;
  return (
    <>
      <Divider label="or" />
      {providers.map(({ id, name }) => (
        <Button key={id} variant="default" onClick={() => redirect(id)}>
          Continue with {name}
        </Button>
      ))}
    </>
  );
}

function redirect(provider: string): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/_allauth/browser/v1/auth/provider/redirect";
  const fields = {
    provider,
    process: "login",
    callback_url: `${location.origin}/`,
    csrfmiddlewaretoken: csrf(),
  };
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
